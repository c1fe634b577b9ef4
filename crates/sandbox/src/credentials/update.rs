use serde_json::Value;

use super::{Binding, Credentials, HarvestToken, Key, Plain, Rate, Role, State, Tier, view};
use crate::apify;
use crate::decimal::Micros;
use crate::fields::{Fault, Fields};
use crate::harvest::Accounts;
use crate::store::{Store, Table};
use crate::sync::lock;

/// What shall be true of one credential from now on.
pub(crate) struct Update {
    value: String,
    state: Option<State>,
    change: Change,
}

enum Change {
    Harvest {
        account_id: Option<u64>,
        role: Option<Role>,
        timestamp_timers: Option<bool>,
        rate: Option<Option<Rate>>,
    },
    Key {
        balance: Option<Micros>,
        tier: Option<Tier>,
        concurrency: Option<Option<u32>>,
    },
    LiAt,
    Apify(apify::Update),
}

const STATES: [(&str, State); 4] = [
    ("active", State::Active),
    ("revoked", State::Revoked),
    ("expired", State::Expired),
    ("forbidden", State::Forbidden),
];
const ROLES: [(&str, Role); 3] =
    [("administrator", Role::Administrator), ("manager", Role::Manager), ("member", Role::Member)];
const TIERS: [(&str, Tier); 5] = [
    ("free", Tier::Free),
    ("starter", Tier::Starter),
    ("basic", Tier::Basic),
    ("pro", Tier::Pro),
    ("business", Tier::Business),
];
/// Ids of what an account holds are built from its own id and must stay exact in any JSON reader.
const ACCOUNT_LIMIT: u64 = 10_000_000_000;

// === impl Update ===

impl Update {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::parse(body)?;
        let names = ["access_token", "harvestapi_key", "api_key", "li_at", "apify_token"];
        let given: Vec<_> = names.into_iter().filter(|name| fields.has(name)).collect();
        let [name] = given[..] else {
            return Err(Fault::new(
                "credential",
                "exactly one of access_token, harvestapi_key, li_at, apify_token is needed",
            ));
        };
        let value = fields.text(name)?.ok_or_else(|| Fault::new(name, "must be a text that is not empty"))?;
        let state = fields.word("state", &STATES)?;
        let change = match name {
            "access_token" => harvest(&mut fields)?,
            "li_at" => Change::LiAt,
            "apify_token" => Change::Apify(apify::Update::parse(&mut fields)?),
            _ => key(&mut fields)?,
        };
        fields.finish()?;
        Ok(Self { value, state, change })
    }
}

// === impl Credentials ===

impl Credentials {
    /// Applies an update, creates what is unknown, and answers the resulting properties.
    pub(crate) fn apply(&self, store: &Store, accounts: &Accounts, update: Update) -> Result<Value, Fault> {
        let Update { value, state, change } = update;
        let mut inner = lock(&self.inner);
        let full = Err(Fault::new("credential", "too many credentials exist; reset first"));
        match change {
            Change::Harvest { account_id, role, timestamp_timers, rate } => {
                if !inner.harvest.has_room(&value) {
                    return full;
                }
                let mut known = inner.harvest.known.get(&value).cloned().unwrap_or_else(HarvestToken::fresh);
                if account_id.is_none() && known.bindings.is_empty() {
                    return Err(Fault::new("account_id", "is needed for a new access_token"));
                }
                known.state = state.unwrap_or(known.state);
                known.rate = rate.unwrap_or(known.rate);
                known.bind(account_id, role);
                if let Some(on) = timestamp_timers {
                    let touched =
                        known.bindings.iter().filter(|b| account_id.is_none_or(|id| id == b.account_id));
                    touched.for_each(|b| accounts.set_timestamp_timers(b.account_id, on));
                }
                store.put(Table::HarvestTokens, &value, &known);
                let mode = |id| if accounts.timestamp_timers(id) { "timestamp" } else { "duration" };
                let shown = view::harvest_token(&value, &known, mode);
                inner.harvest.insert(value, known);
                Ok(shown)
            }
            Change::Key { balance, tier, concurrency } => {
                if !inner.keys.has_room(&value) {
                    return full;
                }
                let number = inner.keys.order.len() as u64 + 1;
                let mut known = inner.keys.known.get(&value).copied().unwrap_or_else(|| Key::fresh(number));
                known.state = state.unwrap_or(known.state);
                known.tier = tier.unwrap_or(known.tier);
                known.concurrency = concurrency.unwrap_or(known.concurrency);
                known.balance = balance.unwrap_or(known.balance);
                known.total = known.total.max(known.balance);
                store.put(Table::Keys, &value, &known);
                let shown = view::key(&value, &known);
                inner.keys.insert(value, known);
                Ok(shown)
            }
            Change::LiAt => {
                if !inner.li_at.has_room(&value) {
                    return full;
                }
                let mut known = inner.li_at.known.get(&value).cloned().unwrap_or_else(Plain::fresh);
                known.state = state.unwrap_or(known.state);
                store.put(Table::LiAt, &value, &known);
                let shown = view::plain("li_at", &value, known.state);
                inner.li_at.insert(value, known);
                Ok(shown)
            }
            Change::Apify(update) => {
                if !inner.apify.has_room(&value) {
                    return full;
                }
                let number = inner.apify.order.len() as u64 + 1;
                let fresh = || apify::Token::fresh(number);
                let mut known = inner.apify.known.get(&value).cloned().unwrap_or_else(fresh);
                known.state = state.unwrap_or(known.state);
                known.apply(update);
                store.put(Table::ApifyTokens, &value, &known);
                let shown = known.view(&value);
                inner.apify.insert(value, known);
                Ok(shown)
            }
        }
    }
}

// === impl HarvestToken ===

impl HarvestToken {
    /// Binds to an account, or changes the role in it; without an account, in all of them.
    fn bind(&mut self, account_id: Option<u64>, role: Option<Role>) {
        if let Some(account_id) = account_id
            && !self.bindings.iter().any(|b| b.account_id == account_id)
        {
            let role = role.unwrap_or(Role::Administrator);
            self.bindings.push(Binding { account_id, person: Accounts::person_of(role), role });
        }
        for binding in self.bindings.iter_mut().filter(|b| account_id.is_none_or(|id| id == b.account_id)) {
            binding.role = role.unwrap_or(binding.role);
        }
    }
}

fn harvest(fields: &mut Fields) -> Result<Change, Fault> {
    let account_id = match fields.raw("account_id") {
        None => None,
        // The id is a number, but people copy it as text.
        Some(value) => {
            let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
            let id = id.filter(|id| (1..ACCOUNT_LIMIT).contains(id));
            Some(id.ok_or_else(|| Fault::new("account_id", "must be a whole number below 10000000000"))?)
        }
    };
    let role = fields.word("role", &ROLES)?;
    let mode = fields.word("timer_mode", &[("duration", false), ("timestamp", true)])?;
    let wants = fields.boolean("wants_timestamp_timers")?;
    let rate = Rate::parse(fields)?;
    Ok(Change::Harvest { account_id, role, timestamp_timers: mode.or(wants), rate })
}

fn key(fields: &mut Fields) -> Result<Change, Fault> {
    let balance = fields.dollars("balance")?;
    let tier = fields.word("tier", &TIERS)?;
    let concurrency = match fields.raw("concurrency") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => {
            let limit = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            Some(Some(
                limit.ok_or_else(|| Fault::new("concurrency", "must be null or a whole number above 0"))?,
            ))
        }
    };
    Ok(Change::Key { balance, tier, concurrency })
}
