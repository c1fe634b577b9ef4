use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::status::Status;
use crate::credentials::{Rate, State};
use crate::decimal::Micros;
use crate::fields::{Fault, Fields};

/// A token of Apify, and the account behind it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Token {
    number: u64,
    pub(crate) state: State,
    pub(crate) balance: Micros,
    rate: Option<Rate>,
    settings: Settings,
}

/// How the runs of a token go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub(super) tier: Tier,
    /// Milliseconds that one worker spends on one profile.
    pub(super) pace_ms: u64,
    /// The end that every run comes to, after so many inputs.
    pub(super) run_end: Option<Status>,
    pub(super) run_end_after: usize,
    /// LinkedIn has no room for the actors just now.
    pub(super) unavailable: bool,
    /// Inputs that hold one of these texts fail without a charge.
    pub(super) free_failures: Vec<String>,
    /// Milliseconds that a synchronous call waits for its run.
    pub(super) sync_limit_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tier {
    Paying,
    Free,
}

/// What shall be true of a token from now on.
#[derive(Default)]
pub(crate) struct Update {
    balance: Option<Micros>,
    rate: Option<Option<Rate>>,
    tier: Option<Tier>,
    pace_ms: Option<u64>,
    run_end: Option<Option<Status>>,
    run_end_after: Option<usize>,
    unavailable: Option<bool>,
    free_failures: Option<Vec<String>>,
    sync_limit_ms: Option<u64>,
}

/// What is made of a token.
pub(super) enum Admission {
    Unknown,
    Forbidden,
    /// With the requests that would have been taken.
    Throttled(u64),
    Admitted(Account),
}

/// An account as it stood when a call came in.
pub(super) struct Account {
    pub(super) number: u64,
    pub(super) balance: Micros,
    pub(super) settings: Settings,
}

/// Milliseconds.
const LONGEST_PACE: u64 = 600_000;
/// Milliseconds after which the real service gives up a synchronous call.
const SYNC_LIMIT: u64 = 300_000;
const MOST_FAILURES: usize = 1000;

// === impl Token ===

impl Token {
    pub(crate) fn fresh(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    pub(crate) fn apply(&mut self, update: Update) {
        let settings = &mut self.settings;
        self.balance = update.balance.unwrap_or(self.balance);
        self.rate = update.rate.unwrap_or(self.rate.take());
        settings.tier = update.tier.unwrap_or(settings.tier);
        settings.pace_ms = update.pace_ms.unwrap_or(settings.pace_ms);
        settings.run_end = update.run_end.unwrap_or(settings.run_end);
        settings.run_end_after = update.run_end_after.unwrap_or(settings.run_end_after);
        settings.unavailable = update.unavailable.unwrap_or(settings.unavailable);
        settings.sync_limit_ms = update.sync_limit_ms.unwrap_or(settings.sync_limit_ms);
        if let Some(texts) = update.free_failures {
            settings.free_failures = texts;
        }
    }

    /// All properties, as the control port shows them.
    pub(crate) fn view(&self, value: &str) -> Value {
        json!({
            "apify_token": value,
            "state": self.state,
            "balance": self.balance,
            "rate": self.rate.as_ref().map(|rate| json!({"requests": rate.requests, "seconds": rate.seconds})),
            "tier": self.settings.tier,
            "pace_ms": self.settings.pace_ms,
            "run_end": self.settings.run_end,
            "run_end_after": self.settings.run_end_after,
            "unavailable": self.settings.unavailable,
            "free_failures": self.settings.free_failures,
            "sync_limit_ms": self.settings.sync_limit_ms,
        })
    }

    /// Admits a call and counts it against the token's rate.
    pub(super) fn admit(&mut self) -> Admission {
        match self.state {
            State::Revoked | State::Expired => return Admission::Unknown,
            State::Forbidden => return Admission::Forbidden,
            State::Active => {}
        }
        if let Some(rate) = &mut self.rate
            && rate.count(Instant::now()).is_some()
        {
            return Admission::Throttled(rate.requests);
        }
        Admission::Admitted(Account {
            number: self.number,
            balance: self.balance,
            settings: self.settings.clone(),
        })
    }
}

impl Default for Token {
    fn default() -> Self {
        Self {
            number: 0,
            state: State::Active,
            balance: Micros(1_000_000_000),
            rate: None,
            settings: Settings::default(),
        }
    }
}

// === impl Settings ===

impl Settings {
    pub(super) fn pace(&self) -> Duration {
        Duration::from_millis(self.pace_ms)
    }

    pub(super) fn workers(&self) -> usize {
        match self.tier {
            Tier::Paying => 15,
            Tier::Free => 1,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tier: Tier::Paying,
            pace_ms: 2,
            run_end: None,
            run_end_after: 0,
            unavailable: false,
            free_failures: Vec::new(),
            sync_limit_ms: SYNC_LIMIT,
        }
    }
}

// === impl Update ===

impl Update {
    pub(crate) fn parse(fields: &mut Fields) -> Result<Self, Fault> {
        let at_most = |name, value: Option<u64>, most| match value {
            Some(value) if value > most => Err(Fault::new(name, &format!("must be at most {most}"))),
            value => Ok(value),
        };
        let pace = fields.integer("pace_ms")?;
        let sync_limit = fields.integer("sync_limit_ms")?;
        let after = fields.integer("run_end_after")?;
        Ok(Self {
            balance: fields.dollars("balance")?,
            rate: Rate::parse(fields)?,
            tier: fields.word("tier", &[("paying", Tier::Paying), ("free", Tier::Free)])?,
            pace_ms: at_most("pace_ms", pace, LONGEST_PACE)?,
            run_end: match fields.raw("run_end") {
                None => None,
                Some(Value::Null) => Some(None),
                Some(word) => {
                    let found = Status::FORCED.into_iter().find(|(known, _)| word == *known);
                    let complaint = "must be null, FAILED, TIMED-OUT or ABORTED";
                    Some(Some(found.ok_or_else(|| Fault::new("run_end", complaint))?.1))
                }
            },
            run_end_after: after.map(|after| usize::try_from(after).unwrap_or(usize::MAX)),
            unavailable: fields.boolean("unavailable")?,
            free_failures: fields.raw("free_failures").map(texts).transpose()?,
            sync_limit_ms: at_most("sync_limit_ms", sync_limit, SYNC_LIMIT)?,
        })
    }
}

// === impl Account ===

impl Account {
    pub(super) fn user_id(&self) -> String {
        format!("sbxUser{:010}", self.number)
    }

    /// What Apify tells of the user to whom the token belongs.
    pub(super) fn user(&self) -> Value {
        let paying = self.settings.tier == Tier::Paying;
        json!({
            "id": self.user_id(),
            "username": format!("sbx-user-{:04}", self.number),
            "email": format!("user-{:04}@example.com", self.number),
            "isPaying": paying,
            "plan": {"id": if paying { "STARTER" } else { "FREE" }},
            "createdAt": "2026-01-05T09:00:00.000Z",
        })
    }
}

fn texts(value: Value) -> Result<Vec<String>, Fault> {
    let complaint = || Fault::new("free_failures", "must be a list of at most 1000 texts that are not empty");
    let texts: Option<Vec<String>> = match value {
        Value::Array(list) => list
            .into_iter()
            .map(|text| text.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
            .collect(),
        _ => None,
    };
    texts.filter(|texts| texts.len() <= MOST_FAILURES).ok_or_else(complaint)
}
