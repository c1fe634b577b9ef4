use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::apify::Runs;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::faults::Faults;
use crate::harvest::Accounts;
use crate::harvestapi::{Cache, Clock, Gates, Sessions};
use crate::journal::Journal;
use crate::store::Store;

/// Everything that the four ports share.
pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) credentials: Credentials,
    pub(crate) accounts: Accounts,
    pub(crate) gates: Gates,
    pub(crate) profiles: Cache,
    pub(crate) runs: Runs,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Clock,
    requests: AtomicU64,
}

// === impl World ===

impl World {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let store = Arc::new(Store::open(config.state_dir.as_deref())?);
        Ok(Self {
            journal: Journal::new(),
            faults: Faults::new(),
            credentials: Credentials::new(&store),
            accounts: Accounts::new(store.clone()),
            gates: Gates::default(),
            profiles: Cache::new(),
            runs: Runs::new(),
            sessions: Sessions::new(&store),
            clock: Clock::start(),
            requests: AtomicU64::new(0),
            store,
        })
    }

    /// Back to the seed. The wipe of kept state comes last, so that nothing changed before it is written after it.
    pub(crate) fn reset(&self) {
        self.faults.clear();
        self.runs.clear();
        self.credentials.reset();
        self.accounts.reset();
        self.sessions.reset();
        self.store.clear();
        self.journal.clear();
    }

    /// Number for the `requestId` of an answer.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}
