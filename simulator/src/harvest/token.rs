//! A token of Harvest: who it acts as in which account.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kernel::credentials::CredentialState;
use crate::kernel::rate::Rate;

/// A Harvest token with the accounts that it is bound to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) state: CredentialState,
    pub(super) bindings: Vec<Binding>,
    pub(super) rate: Option<Rate>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Binding {
    pub(super) account_id: u64,
    /// Place of the person among the users of the account; fixed when the token is first bound.
    pub(super) person: usize,
    pub(super) role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Administrator,
    Manager,
    Member,
}

/// What Harvest makes of a token.
pub(super) enum Admission {
    Unknown,
    Forbidden,
    /// Seconds after which a call would be admitted again.
    Throttled(u64),
    Admitted(Binding),
}

impl Token {
    pub(super) fn fresh() -> Self {
        Self { state: CredentialState::Active, bindings: Vec::new(), rate: None }
    }

    /// Binds to an account, or changes the role in it; without an account, in all of them.
    pub(super) fn bind(&mut self, account_id: Option<u64>, role: Option<Role>) {
        if let Some(account_id) = account_id
            && !self.bindings.iter().any(|b| b.account_id == account_id)
        {
            let role = role.unwrap_or(Role::Administrator);
            self.bindings.push(Binding { account_id, person: role.person(), role });
        }
        for binding in self.bindings.iter_mut().filter(|b| account_id.is_none_or(|id| id == b.account_id)) {
            binding.role = role.unwrap_or(binding.role);
        }
    }

    /// Admits a call and counts it against the token's rate.
    pub(super) fn admit(&mut self, account_id: Option<u64>) -> Admission {
        match self.state {
            CredentialState::Revoked | CredentialState::Expired => return Admission::Unknown,
            CredentialState::Forbidden => return Admission::Forbidden,
            CredentialState::Active => {}
        }
        if let Some(wait) = self.rate.as_mut().and_then(|rate| rate.count(Instant::now())) {
            return Admission::Throttled(wait);
        }
        let binding = self.bindings.iter().find(|binding| Some(binding.account_id) == account_id);
        binding.copied().map_or(Admission::Unknown, Admission::Admitted)
    }

    /// All properties, as the control port shows them.
    pub(super) fn view(&self, value: &str, timer_mode: impl Fn(u64) -> &'static str) -> Value {
        let accounts: Vec<_> = self
            .bindings
            .iter()
            .map(|b| json!({"account_id": b.account_id, "role": b.role, "timer_mode": timer_mode(b.account_id)}))
            .collect();
        let first = self.bindings.first();
        json!({
            "access_token": value,
            "account_id": first.map(|b| b.account_id),
            "state": self.state,
            "role": first.map(|b| b.role),
            "timer_mode": first.map(|b| timer_mode(b.account_id)),
            "rate": self.rate,
            "accounts": accounts,
        })
    }
}

impl Role {
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("administrator", Self::Administrator), ("manager", Self::Manager), ("member", Self::Member)];

    /// Place of the person that a new token of that role acts as.
    fn person(self) -> usize {
        match self {
            Self::Administrator => 0,
            Self::Member => 1,
            Self::Manager => 2,
        }
    }
}
