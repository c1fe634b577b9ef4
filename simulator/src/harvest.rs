//! Harvest v2: accounts with people, projects and time entries, as one token sees them.

use std::future::ready;
use std::sync::Arc;

use http::{Method, StatusCode};

use crate::kernel::call::Call;
use crate::kernel::credentials::Credentials;
use crate::kernel::reply::Reply;
use crate::kernel::store::{Store, Table};
use crate::kernel::vendor::{OwnEffect, Pending, Vendor};

mod account;
mod accounts;
mod assignment_rows;
mod caller;
mod clock;
mod entries;
mod entry_access;
mod entry_row;
mod errors;
mod filters;
mod input;
mod names;
mod pages;
mod reads;
mod routes;
mod rows;
mod seed;
mod timer;
mod token;
mod tokens;

use accounts::Accounts;
use tokens::Tokens;

/// The vendor Harvest.
pub(crate) struct Harvest {
    tokens: Tokens,
    accounts: Arc<Accounts>,
}

/// What is kept of it.
pub(crate) const TABLES: [Table; 3] = [tokens::TABLE, accounts::ACCOUNTS, accounts::ENTRIES];

impl Harvest {
    pub(crate) fn open(store: &Arc<Store>) -> Self {
        let accounts = Arc::new(Accounts::new(store.clone()));
        Self { tokens: Tokens::open(store, accounts.clone()), accounts }
    }

    /// The first token with the id of its account.
    pub(crate) fn first_pair(&self) -> Option<(String, u64)> {
        self.tokens.pairs().into_iter().next()
    }
}

impl Vendor for Harvest {
    fn word(&self) -> &'static str {
        "harvest"
    }

    fn handle<'a>(&'a self, call: &'a Call) -> Pending<'a, Reply> {
        let reply = routes::answer(&self.tokens, &self.accounts, call).unwrap_or_else(|refusal| refusal);
        Box::pin(ready(reply))
    }

    fn failure(&self, status: StatusCode, text: Option<&str>) -> Reply {
        errors::error(status, text.unwrap_or_else(|| errors::words(status)))
    }

    fn credentials(&self) -> &dyn Credentials {
        &self.tokens
    }

    fn reset(&self) {
        self.tokens.reset();
        self.accounts.reset();
    }

    fn own_effects(&self) -> &'static [OwnEffect] {
        &[OwnEffect::Unchanged]
    }

    /// Makes the change of an entry a look at it.
    fn look_instead(&self, call: &mut Call) {
        call.method = Method::GET;
        for action in ["/stop", "/restart"] {
            if let Some(entry) = call.path.strip_suffix(action) {
                call.path = entry.to_owned();
            }
        }
    }
}
