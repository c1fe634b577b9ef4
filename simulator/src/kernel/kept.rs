//! Credentials of one kind: seeded, bounded in number, and kept on disk once they were changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::fields::Complaint;
use super::store::{Store, Table};
use super::sync::lock;
use crate::decimal::Micros;

/// Credentials of one kind by their values.
pub(crate) struct Kept<T> {
    store: Arc<Store>,
    table: Table,
    seed: fn() -> Vec<(String, T)>,
    listed: Mutex<Listed<T>>,
}

/// A credential that money is behind.
pub(crate) trait Wallet {
    fn balance(&mut self) -> &mut Micros;
}

/// The seeded ones keep their order, which is the order in which they are handed out.
struct Listed<T> {
    order: Vec<String>,
    by_value: HashMap<String, T>,
}

/// Credentials of a kind that may exist at once.
const MAX_CREDENTIALS: usize = 20_000;

impl<T: Clone + Serialize + for<'de> Deserialize<'de>> Kept<T> {
    /// Lays what was kept over the seed.
    pub(crate) fn open(store: &Arc<Store>, table: Table, seed: fn() -> Vec<(String, T)>) -> Self {
        let mut listed = Listed::of(seed());
        for (value, kept) in store.all(table) {
            listed.insert(value, kept);
        }
        Self { store: store.clone(), table, seed, listed: Mutex::new(listed) }
    }

    pub(crate) fn reset(&self) {
        *lock(&self.listed) = Listed::of((self.seed)());
    }

    pub(crate) fn values(&self) -> Vec<String> {
        lock(&self.listed).order.clone()
    }

    pub(crate) fn get(&self, value: &str) -> Option<T> {
        lock(&self.listed).by_value.get(value).cloned()
    }

    /// Looks at one, and may count a call against it; nothing of that is kept.
    pub(crate) fn with<R>(&self, value: &str, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        lock(&self.listed).by_value.get_mut(value).map(look)
    }

    /// Looks at all of them in their order.
    pub(crate) fn map<R>(&self, look: impl Fn(&str, &T) -> R) -> Vec<R> {
        let listed = lock(&self.listed);
        listed.order.iter().filter_map(|value| Some(look(value, listed.by_value.get(value)?))).collect()
    }

    /// Changes one, or makes it: `fresh` gets the number that it would have. Nothing changes where `change` complains.
    pub(crate) fn update(
        &self,
        value: &str,
        fresh: impl FnOnce(u64) -> T,
        change: impl FnOnce(&mut T) -> Result<(), Complaint>,
    ) -> Result<T, Complaint> {
        let mut listed = lock(&self.listed);
        if !listed.has_room(value) {
            return Err(Complaint::new("credential", "too many credentials exist; reset first"));
        }
        let number = listed.order.len() as u64 + 1;
        let mut credential = listed.by_value.get(value).cloned().unwrap_or_else(|| fresh(number));
        change(&mut credential)?;
        self.store.put(self.table, value, &credential);
        listed.insert(value.to_owned(), credential.clone());
        Ok(credential)
    }
}

impl<T: Wallet + Serialize> Kept<T> {
    /// Takes a price out of a wallet; false, and nothing taken, when it does not cover it.
    pub(crate) fn charge(&self, value: &str, price: Micros) -> bool {
        let mut listed = lock(&self.listed);
        let Some(credential) = listed.by_value.get_mut(value) else { return false };
        let balance = credential.balance();
        if *balance < price {
            return false;
        }
        if price.0 != 0 {
            balance.0 -= price.0;
            self.store.put(self.table, value, credential);
        }
        true
    }
}

impl<T> Listed<T> {
    fn of(seed: Vec<(String, T)>) -> Self {
        let mut listed = Self { order: Vec::new(), by_value: HashMap::new() };
        for (value, credential) in seed {
            listed.insert(value, credential);
        }
        listed
    }

    fn insert(&mut self, value: String, credential: T) {
        if self.by_value.insert(value.clone(), credential).is_none() {
            self.order.push(value);
        }
    }

    fn has_room(&self, value: &str) -> bool {
        self.by_value.contains_key(value) || self.order.len() < MAX_CREDENTIALS
    }
}
