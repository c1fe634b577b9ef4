//! All accounts of Harvest, and what is kept of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::account::{Account, Entry};
use super::seed;
use crate::kernel::store::{Store, Table};
use crate::kernel::sync::lock;

/// All accounts; one comes into being when it is first touched.
pub(super) struct Accounts {
    store: Arc<Store>,
    touched: Mutex<HashMap<u64, Arc<Mutex<Account>>>>,
}

/// What is kept of an account beside its entries.
#[derive(Serialize, Deserialize)]
struct AccountRow {
    timestamp_timers: bool,
    next_entry: u64,
}

pub(super) const ACCOUNTS: Table = Table("harvest_accounts");
/// Keys are `account/entry`, both in decimal.
pub(super) const ENTRIES: Table = Table("harvest_entries");

impl Accounts {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, touched: Mutex::new(HashMap::new()) }
    }

    pub(super) fn reset(&self) {
        lock(&self.touched).clear();
    }

    pub(super) fn timestamp_timers(&self, id: u64) -> bool {
        lock(&self.get(id)).timestamp_timers
    }

    pub(super) fn set_timestamp_timers(&self, id: u64, on: bool) {
        let account = self.get(id);
        let mut account = lock(&account);
        account.timestamp_timers = on;
        self.keep(&account);
    }

    pub(super) fn get(&self, id: u64) -> Arc<Mutex<Account>> {
        lock(&self.touched).entry(id).or_insert_with(|| Arc::new(Mutex::new(self.load(id)))).clone()
    }

    pub(super) fn keep(&self, account: &Account) {
        let row = AccountRow { timestamp_timers: account.timestamp_timers, next_entry: account.next_entry };
        self.store.put(ACCOUNTS, &format!("{}/", account.id), &row);
    }

    /// Keeps an entry as it is now, or that it is gone.
    pub(super) fn keep_entry(&self, account: &Account, id: u64) {
        self.store.put(ENTRIES, &format!("{}/{id}", account.id), &account.entries.get(&id));
    }

    fn load(&self, id: u64) -> Account {
        let mut account = seed::account(id);
        let prefix = format!("{id}/");
        for (_, row) in self.store.starting_with::<AccountRow>(ACCOUNTS, &prefix) {
            account.timestamp_timers = row.timestamp_timers;
            account.next_entry = row.next_entry;
        }
        for (key, entry) in self.store.starting_with::<Option<Entry>>(ENTRIES, &prefix) {
            match (entry, key.strip_prefix(&prefix).and_then(|entry| entry.parse().ok())) {
                (Some(entry), _) => {
                    account.entries.insert(entry.id, entry);
                }
                (None, Some(deleted)) => {
                    account.entries.remove(&deleted);
                }
                (None, None) => {}
            }
        }
        account
    }
}
