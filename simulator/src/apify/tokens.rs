//! The tokens of Apify: seeded, listed, set at the control port, and charged.

use std::sync::Arc;

use serde_json::{Value, json};

use super::token::{Admission, Token};
use super::update::Change;
use crate::decimal::Micros;
use crate::kernel::credentials::{CredentialKind, Credentials, Update};
use crate::kernel::fields::Complaint;
use crate::kernel::kept::Kept;
use crate::kernel::seed;
use crate::kernel::store::{Store, Table};

/// All tokens.
pub(super) struct Tokens {
    kept: Kept<Token>,
}

pub(super) const TABLE: Table = Table("apify_tokens");

impl Tokens {
    pub(super) fn open(store: &Arc<Store>) -> Self {
        Self { kept: Kept::open(store, TABLE, seeded) }
    }

    pub(super) fn reset(&self) {
        self.kept.reset();
    }

    /// Admits a call and counts it against the token's rate.
    pub(super) fn admit(&self, token: &str) -> Admission {
        self.kept.with(token, Token::admit).unwrap_or(Admission::Unknown)
    }

    /// Takes a price out of the balance behind a token; false, and nothing taken, when it does not cover it.
    pub(super) fn charge(&self, token: &str, price: Micros) -> bool {
        self.kept.charge(token, price)
    }

    pub(super) fn owns(&self, token: &str, price: Micros) -> bool {
        self.kept.with(token, |token| token.balance >= price).unwrap_or(false)
    }
}

impl Credentials for Tokens {
    fn kinds(&self) -> &'static [CredentialKind] {
        &[CredentialKind { field: "apify_token", alias: None }]
    }

    fn listing(&self) -> Vec<(&'static str, Value)> {
        vec![("apify_tokens", json!(self.kept.values()))]
    }

    fn apply(&self, update: Update) -> Result<Value, Complaint> {
        let Update { value, state, fields, .. } = update;
        let change = Change::parse(fields)?;
        let token = self.kept.update(&value, Token::fresh, |token| {
            token.state = state.unwrap_or(token.state);
            change.apply(token);
            Ok(())
        })?;
        Ok(token.view(&value))
    }
}

fn seeded() -> Vec<(String, Token)> {
    let value = |n| format!("apify_api_sbx{n:04}{:016x}", seed::mark("apify", n));
    (1..=seed::SEEDED).map(|n| (value(n), Token::fresh(n))).collect()
}
