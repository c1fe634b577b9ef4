//! What the answers of HarvestAPI are made from.

use std::sync::Arc;

use super::cookie::{self, Cookie};
use super::key::{self, Key};
use super::population::Population;
use super::sessions::Sessions;
use crate::kernel::kept::Kept;
use crate::kernel::store::Store;

/// The keys and cookies that are known, what was done with the cookies, and the population.
pub(super) struct Backend {
    pub(super) keys: Kept<Key>,
    pub(super) cookies: Kept<Cookie>,
    pub(super) sessions: Sessions,
    pub(super) population: Arc<Population>,
}

impl Backend {
    pub(super) fn open(store: &Arc<Store>, population: Arc<Population>) -> Self {
        Self {
            keys: Kept::open(store, key::TABLE, key::seeded),
            cookies: Kept::open(store, cookie::TABLE, cookie::seeded),
            sessions: Sessions::open(store),
            population,
        }
    }

    pub(super) fn reset(&self) {
        self.keys.reset();
        self.cookies.reset();
        self.sessions.reset();
    }
}
