use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::apify;
use crate::decimal::Micros;
use crate::store::{Store, Table};
use crate::sync::lock;

mod rate;
mod seed;
mod update;
mod view;

pub(crate) use rate::Rate;
pub(crate) use seed::FIRST_ACCOUNT;
pub(crate) use update::Update;

/// Every credential that the simulated services know.
pub(crate) struct Credentials {
    inner: Mutex<Inner>,
}

struct Inner {
    harvest: Kept<HarvestToken>,
    keys: Kept<Key>,
    li_at: Kept<Plain>,
    apify: Kept<apify::Token>,
}

/// Credentials of one kind: the seeded ones keep their order, which is the order in which they are handed out.
struct Kept<T> {
    order: Vec<String>,
    known: HashMap<String, T>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Active,
    Revoked,
    Expired,
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Administrator,
    Manager,
    Member,
}

/// A Harvest token: who it acts as in which account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HarvestToken {
    pub(crate) state: State,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) rate: Option<Rate>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) account_id: u64,
    /// Place of the person among the users of the account; fixed when the token is first bound.
    pub(crate) person: usize,
    pub(crate) role: Role,
}

/// What the holder of a key pays for. It is told in answers; calls in flight are bounded by the key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Free,
    Starter,
    Basic,
    Pro,
    Business,
}

/// A HarvestAPI key and its wallet.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) number: u64,
    pub(crate) state: State,
    pub(crate) balance: Micros,
    /// What was ever paid in; it does not fall with use.
    pub(crate) total: Micros,
    pub(crate) tier: Tier,
    pub(crate) concurrency: Option<u32>,
}

/// A credential with nothing but a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plain {
    pub(crate) state: State,
}

/// What Harvest makes of a token.
pub(crate) enum Admission {
    Unknown,
    Forbidden,
    /// Seconds after which a call would be admitted again.
    Throttled(u64),
    Admitted(Binding),
}

// === impl Credentials ===

impl Credentials {
    pub(crate) fn new(store: &Store) -> Self {
        let mut inner = seed::all();
        inner.harvest.restore(store, Table::HarvestTokens);
        inner.keys.restore(store, Table::Keys);
        inner.li_at.restore(store, Table::LiAt);
        inner.apify.restore(store, Table::ApifyTokens);
        Self { inner: Mutex::new(inner) }
    }

    pub(crate) fn reset(&self) {
        *lock(&self.inner) = seed::all();
    }

    /// Admits a Harvest call and counts it against the token's rate.
    pub(crate) fn admit(&self, token: &str, account_id: Option<u64>) -> Admission {
        let mut inner = lock(&self.inner);
        let Some(known) = inner.harvest.known.get_mut(token) else { return Admission::Unknown };
        match known.state {
            State::Revoked | State::Expired => return Admission::Unknown,
            State::Forbidden => return Admission::Forbidden,
            State::Active => {}
        }
        if let Some(wait) = known.rate.as_mut().and_then(|rate| rate.count(Instant::now())) {
            return Admission::Throttled(wait);
        }
        let binding = known.bindings.iter().find(|binding| Some(binding.account_id) == account_id);
        binding.copied().map_or(Admission::Unknown, Admission::Admitted)
    }

    pub(crate) fn key(&self, key: &str) -> Option<Key> {
        lock(&self.inner).keys.known.get(key).copied()
    }

    /// Takes a price out of a wallet; false, and nothing taken, when it does not cover it.
    pub(crate) fn charge(&self, store: &Store, key: &str, price: Micros) -> bool {
        let mut inner = lock(&self.inner);
        let Some(known) = inner.keys.known.get_mut(key) else { return false };
        if known.balance < price {
            return false;
        }
        if price.0 != 0 {
            known.balance.0 -= price.0;
            store.put(Table::Keys, key, known);
        }
        true
    }

    pub(crate) fn li_at(&self, cookie: &str) -> Option<State> {
        lock(&self.inner).li_at.known.get(cookie).map(|plain| plain.state)
    }

    /// Looks at a token of Apify, and may count a call against it.
    pub(crate) fn apify<R>(&self, token: &str, look: impl FnOnce(&mut apify::Token) -> R) -> Option<R> {
        lock(&self.inner).apify.known.get_mut(token).map(look)
    }

    /// Takes a price out of the balance behind a token of Apify; false, and nothing taken, when it does not cover it.
    pub(crate) fn charge_apify(&self, store: &Store, token: &str, price: Micros) -> bool {
        let mut inner = lock(&self.inner);
        let Some(known) = inner.apify.known.get_mut(token) else { return false };
        if known.balance < price {
            return false;
        }
        known.balance.0 -= price.0;
        store.put(Table::ApifyTokens, token, known);
        true
    }
}

// === impl Kept ===

impl<T: for<'de> Deserialize<'de>> Kept<T> {
    /// Lays what was kept over the seed.
    fn restore(&mut self, store: &Store, table: Table) {
        for (value, kept) in store.all(table) {
            self.insert(value, kept);
        }
    }
}

impl<T> Kept<T> {
    /// Credentials of a kind that may exist at once.
    const LIMIT: usize = 20_000;

    fn insert(&mut self, value: String, kept: T) {
        if self.known.insert(value.clone(), kept).is_none() {
            self.order.push(value);
        }
    }

    fn has_room(&self, value: &str) -> bool {
        self.known.contains_key(value) || self.order.len() < Self::LIMIT
    }
}
