//! A HarvestAPI key and its wallet.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::decimal::Micros;
use crate::kernel::credentials::CredentialState;
use crate::kernel::fields::{Complaint, Fields};
use crate::kernel::kept::Wallet;
use crate::kernel::seed;
use crate::kernel::store::Table;

/// A key by what its holder owns and may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) number: u64,
    pub(super) state: CredentialState,
    pub(super) balance: Micros,
    /// What was ever paid in; it does not fall with use.
    pub(super) total: Micros,
    pub(super) tier: Tier,
    pub(super) concurrency: Option<u32>,
}

/// What the holder of a key pays for. It is told in answers; calls in flight are bounded by the key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tier {
    Free,
    Starter,
    Basic,
    Pro,
    Business,
}

/// What an update says of a key alone.
pub(super) struct Change {
    balance: Option<Micros>,
    tier: Option<Tier>,
    concurrency: Option<Option<u32>>,
}

pub(super) const TABLE: Table = Table("harvestapi_keys");

impl Key {
    pub(super) fn fresh(number: u64) -> Self {
        let balance = Micros(1_000_000_000);
        Self {
            number,
            state: CredentialState::Active,
            balance,
            total: balance,
            tier: Tier::Business,
            concurrency: None,
        }
    }

    pub(super) fn apply(&mut self, change: &Change) {
        self.tier = change.tier.unwrap_or(self.tier);
        self.concurrency = change.concurrency.unwrap_or(self.concurrency);
        self.balance = change.balance.unwrap_or(self.balance);
        self.total = self.total.max(self.balance);
    }

    /// Calls that the holder of the key may have in flight, as answers tell it.
    pub(super) fn told_concurrency(&self) -> u32 {
        self.concurrency.unwrap_or(match self.tier {
            Tier::Free => 1,
            Tier::Starter => 5,
            Tier::Basic => 10,
            Tier::Pro => 20,
            Tier::Business => 40,
        })
    }

    /// All properties, as the control port shows them.
    pub(super) fn view(&self, value: &str) -> Value {
        json!({
            "harvestapi_key": value,
            "state": self.state,
            "balance": self.balance,
            "tier": self.tier,
            "concurrency": self.concurrency,
        })
    }
}

impl Wallet for Key {
    fn balance(&mut self) -> &mut Micros {
        &mut self.balance
    }
}

impl Tier {
    const WORDS: [(&'static str, Self); 5] = [
        ("free", Self::Free),
        ("starter", Self::Starter),
        ("basic", Self::Basic),
        ("pro", Self::Pro),
        ("business", Self::Business),
    ];
}

impl Change {
    pub(super) fn parse(mut fields: Fields) -> Result<Self, Complaint> {
        let balance = fields.dollars("balance")?;
        let tier = fields.word("tier", &Tier::WORDS)?;
        let concurrency = match fields.raw("concurrency") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(value) => {
                let limit = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                let complaint = || Complaint::new("concurrency", "must be null or a whole number above 0");
                Some(Some(limit.ok_or_else(complaint)?))
            }
        };
        fields.finish()?;
        Ok(Self { balance, tier, concurrency })
    }
}

pub(super) fn seeded() -> Vec<(String, Key)> {
    (1..=seed::SEEDED).map(|n| (seed::value("key", n), Key::fresh(n))).collect()
}
