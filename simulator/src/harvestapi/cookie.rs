//! The `li_at` cookies of LinkedIn members.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kernel::credentials::CredentialState;
use crate::kernel::seed;
use crate::kernel::store::Table;

/// A cookie, which has nothing but a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cookie {
    pub(super) state: CredentialState,
}

pub(super) const TABLE: Table = Table("li_at");

impl Cookie {
    pub(super) fn fresh() -> Self {
        Self { state: CredentialState::Active }
    }

    /// All properties, as the control port shows them.
    pub(super) fn view(&self, value: &str) -> Value {
        json!({"li_at": value, "state": self.state})
    }
}

pub(super) fn seeded() -> Vec<(String, Cookie)> {
    (1..=seed::SEEDED).map(|n| (seed::value("liat", n), Cookie::fresh())).collect()
}
