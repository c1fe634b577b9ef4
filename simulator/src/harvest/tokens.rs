//! The tokens of Harvest: seeded, listed, and set at the control port.

use std::sync::Arc;

use serde_json::{Value, json};

use super::accounts::Accounts;
use super::seed::FIRST_ACCOUNT;
use super::token::{Admission, Binding, Role, Token};
use crate::kernel::credentials::{CredentialKind, Credentials, Update};
use crate::kernel::fields::{Complaint, Fields};
use crate::kernel::kept::Kept;
use crate::kernel::rate::Rate;
use crate::kernel::seed;
use crate::kernel::store::{Store, Table};

/// All tokens, and the accounts whose way of tracking time is set with them.
pub(super) struct Tokens {
    kept: Kept<Token>,
    accounts: Arc<Accounts>,
}

/// What an update says of a token alone.
struct Change {
    account_id: Option<u64>,
    role: Option<Role>,
    timestamp_timers: Option<bool>,
    rate: Option<Option<Rate>>,
}

pub(super) const TABLE: Table = Table("harvest_tokens");
/// Ids of what an account holds are built from its own id and must stay exact in any JSON reader.
const MAX_ACCOUNT_ID: u64 = 9_999_999_999;

impl Tokens {
    pub(super) fn open(store: &Arc<Store>, accounts: Arc<Accounts>) -> Self {
        Self { kept: Kept::open(store, TABLE, seeded), accounts }
    }

    pub(super) fn reset(&self) {
        self.kept.reset();
    }

    /// Admits a call and counts it against the token's rate.
    pub(super) fn admit(&self, token: &str, account_id: Option<u64>) -> Admission {
        self.kept.with(token, |known| known.admit(account_id)).unwrap_or(Admission::Unknown)
    }

    /// Tokens with the ids of their accounts, in the order of the seed.
    pub(super) fn pairs(&self) -> Vec<(String, u64)> {
        let pairs = self.kept.map(|token, known| -> Vec<_> {
            known.bindings.iter().map(|b| (token.to_owned(), b.account_id)).collect()
        });
        pairs.into_iter().flatten().collect()
    }
}

impl Credentials for Tokens {
    fn kinds(&self) -> &'static [CredentialKind] {
        &[CredentialKind { field: "access_token", alias: None }]
    }

    fn listing(&self) -> Vec<(&'static str, Value)> {
        let pair = |(token, id)| json!({"access_token": token, "account_id": id});
        vec![("harvest_tokens", self.pairs().into_iter().map(pair).collect())]
    }

    fn apply(&self, update: Update) -> Result<Value, Complaint> {
        let Update { value, state, fields, .. } = update;
        let Change { account_id, role, timestamp_timers, rate } = Change::parse(fields)?;
        let token = self.kept.update(
            &value,
            |_| Token::fresh(),
            |token| {
                if account_id.is_none() && token.bindings.is_empty() {
                    return Err(Complaint::new("account_id", "is needed for a new access_token"));
                }
                token.state = state.unwrap_or(token.state);
                token.rate = rate.unwrap_or(token.rate.take());
                token.bind(account_id, role);
                if let Some(on) = timestamp_timers {
                    let touched =
                        token.bindings.iter().filter(|b| account_id.is_none_or(|id| id == b.account_id));
                    touched.for_each(|b| self.accounts.set_timestamp_timers(b.account_id, on));
                }
                Ok(())
            },
        )?;
        let mode = |id| if self.accounts.timestamp_timers(id) { "timestamp" } else { "duration" };
        Ok(token.view(&value, mode))
    }
}

impl Change {
    fn parse(mut fields: Fields) -> Result<Self, Complaint> {
        let account_id = match fields.raw("account_id") {
            None => None,
            // The id is a number, but people copy it as text.
            Some(value) => {
                let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
                let id = id.filter(|id| (1..=MAX_ACCOUNT_ID).contains(id));
                let complaint = || Complaint::new("account_id", "must be a whole number below 10000000000");
                Some(id.ok_or_else(complaint)?)
            }
        };
        let role = fields.word("role", &Role::WORDS)?;
        let mode = fields.word("timer_mode", &[("duration", false), ("timestamp", true)])?;
        let wants = fields.boolean("wants_timestamp_timers")?;
        let rate = Rate::parse(&mut fields)?;
        fields.finish()?;
        Ok(Self { account_id, role, timestamp_timers: mode.or(wants), rate })
    }
}

/// An administrator's token for each of the first accounts.
fn seeded() -> Vec<(String, Token)> {
    let token = |n| {
        let account_id = FIRST_ACCOUNT + n - 1;
        let bindings = vec![Binding { account_id, person: 0, role: Role::Administrator }];
        (seed::value("pat", n), Token { bindings, ..Token::fresh() })
    };
    (1..=seed::SEEDED).map(token).collect()
}
