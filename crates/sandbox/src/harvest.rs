//! Harvest v2: accounts with people, projects and time entries, as one token sees them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Reply};
use crate::credentials::Role;
use crate::store::{Store, Table};
use crate::sync::lock;
use crate::world::World;

mod account;
mod caller;
mod clock;
mod entries;
mod entry_row;
mod errors;
mod filters;
mod input;
mod names;
mod pages;
mod reads;
mod rows;
mod seed;
mod timer;

use account::{Account, Entry};
use caller::Caller;

/// All accounts; one comes into being when it is first touched.
pub(crate) struct Accounts {
    store: Arc<Store>,
    touched: Mutex<HashMap<u64, Arc<Mutex<Account>>>>,
}

/// What is kept of an account beside its entries.
#[derive(Serialize, Deserialize)]
struct Kept {
    timestamp_timers: bool,
    next_entry: u64,
}

// === impl Accounts ===

impl Accounts {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, touched: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn reset(&self) {
        lock(&self.touched).clear();
    }

    /// Place of the person that a new token of that role acts as.
    pub(crate) fn person_of(role: Role) -> usize {
        match role {
            Role::Administrator => 0,
            Role::Member => 1,
            Role::Manager => 2,
        }
    }

    pub(crate) fn timestamp_timers(&self, id: u64) -> bool {
        lock(&self.get(id)).timestamp_timers
    }

    pub(crate) fn set_timestamp_timers(&self, id: u64, on: bool) {
        let account = self.get(id);
        let mut account = lock(&account);
        account.timestamp_timers = on;
        self.keep(&account);
    }

    fn get(&self, id: u64) -> Arc<Mutex<Account>> {
        lock(&self.touched).entry(id).or_insert_with(|| Arc::new(Mutex::new(self.load(id)))).clone()
    }

    fn load(&self, id: u64) -> Account {
        let mut account = seed::account(id);
        let row = format!("{id}/");
        for (_, kept) in self.store.starting_with::<Kept>(Table::Accounts, &row) {
            account.timestamp_timers = kept.timestamp_timers;
            account.next_entry = kept.next_entry;
        }
        for (key, entry) in self.store.starting_with::<Option<Entry>>(Table::Entries, &row) {
            match (entry, key.strip_prefix(&row).and_then(|entry| entry.parse().ok())) {
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

    fn keep(&self, account: &Account) {
        let kept = Kept { timestamp_timers: account.timestamp_timers, next_entry: account.next_entry };
        self.store.put(Table::Accounts, &format!("{}/", account.id), &kept);
    }

    /// Keeps an entry as it is now, or that it is gone.
    fn keep_entry(&self, account: &Account, id: u64) {
        self.store.put(Table::Entries, &format!("{}/{id}", account.id), &account.entries.get(&id));
    }
}

/// Answers one call.
pub(crate) fn handle(world: &World, call: &Call) -> Reply {
    route(world, call).unwrap_or_else(|refusal| refusal)
}

/// An answer of that status in the shape that Harvest gives it; without a text, it has the words of Harvest.
pub(crate) fn failure(status: StatusCode, text: Option<&str>) -> Reply {
    errors::error(status, text.unwrap_or_else(|| errors::words(status)))
}

/// Makes the change of an entry a look at it, so that it is answered as it stands.
pub(crate) fn look_instead(call: &mut Call) {
    call.method = Method::GET;
    for action in ["/stop", "/restart"] {
        if let Some(entry) = call.path.strip_suffix(action) {
            call.path = entry.to_owned();
        }
    }
}

fn route(world: &World, call: &Call) -> Result<Reply, Reply> {
    let caller = Caller::admit(world, call)?;
    // Location headers of created entries name the path with `/api` in front.
    let path = call.path.strip_prefix("/api").unwrap_or(&call.path);
    let path = path.strip_prefix("/v2/").ok_or_else(errors::not_found)?;
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let id = |text: &str| text.parse::<u64>().map_err(|_| errors::not_found());
    let account = world.accounts.get(caller.account_id);
    let mut account = lock(&account);
    match (&call.method, parts.as_slice()) {
        (&Method::GET, ["time_entries"]) => entries::list(&account, caller, call),
        (&Method::POST, ["time_entries"]) => entries::create(&world.accounts, &mut account, caller, call),
        (&Method::GET, ["time_entries", entry]) => entries::get(&account, caller, id(entry)?),
        (&Method::PATCH, ["time_entries", entry]) => {
            entries::update(&world.accounts, &mut account, caller, call, id(entry)?)
        }
        (&Method::DELETE, ["time_entries", entry]) => {
            entries::delete(&world.accounts, &mut account, caller, id(entry)?)
        }
        (&Method::PATCH, ["time_entries", entry, "stop"]) => {
            timer::stop(&world.accounts, &mut account, caller, id(entry)?)
        }
        (&Method::PATCH, ["time_entries", entry, "restart"]) => {
            timer::restart(&world.accounts, &mut account, caller, id(entry)?)
        }
        (&Method::GET, ["projects"]) => reads::projects(&account, caller, call),
        (&Method::GET, ["projects", project]) => reads::project(&account, caller, id(project)?),
        (&Method::GET, ["projects", project, "task_assignments"]) => {
            reads::task_assignments(&account, caller, call, Some(id(project)?))
        }
        (&Method::GET, ["task_assignments"]) => reads::task_assignments(&account, caller, call, None),
        (&Method::GET, ["tasks"]) => reads::tasks(&account, caller, call),
        (&Method::GET, ["clients"]) => reads::clients(&account, caller, call),
        (&Method::GET, ["company"]) => reads::company(&account, caller),
        (&Method::GET, ["users"]) => reads::users(&account, caller, call),
        (&Method::GET, ["users", "me"]) => reads::me(&account, caller),
        (&Method::GET, ["users", "me", "project_assignments"]) => {
            reads::project_assignments(&account, caller, call, None)
        }
        (&Method::GET, ["users", user]) => reads::user(&account, caller, id(user)?),
        (&Method::GET, ["users", user, "project_assignments"]) => {
            reads::project_assignments(&account, caller, call, Some(id(user)?))
        }
        _ => Err(errors::not_found()),
    }
}
