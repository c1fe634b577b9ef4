//! A token of Apify, and the account behind it.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::status::Status;
use crate::decimal::Micros;
use crate::kernel::credentials::CredentialState;
use crate::kernel::kept::Wallet;
use crate::kernel::rate::Rate;

/// What is known of one token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Token {
    number: u64,
    pub(super) state: CredentialState,
    pub(super) balance: Micros,
    pub(super) rate: Option<Rate>,
    pub(super) settings: Settings,
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

/// Milliseconds after which the real service gives up a synchronous call.
pub(super) const MAX_SYNC_WAIT: u64 = 300_000;

impl Token {
    pub(super) fn fresh(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// All properties, as the control port shows them.
    pub(super) fn view(&self, value: &str) -> Value {
        json!({
            "apify_token": value,
            "state": self.state,
            "balance": self.balance,
            "rate": self.rate,
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
            CredentialState::Revoked | CredentialState::Expired => return Admission::Unknown,
            CredentialState::Forbidden => return Admission::Forbidden,
            CredentialState::Active => {}
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

impl Wallet for Token {
    fn balance(&mut self) -> &mut Micros {
        &mut self.balance
    }
}

impl Default for Token {
    fn default() -> Self {
        Self {
            number: 0,
            state: CredentialState::Active,
            balance: Micros(1_000_000_000),
            rate: None,
            settings: Settings::default(),
        }
    }
}

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
            sync_limit_ms: MAX_SYNC_WAIT,
        }
    }
}

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
