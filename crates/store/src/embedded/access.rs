//! Who may use the database at the moment. After its file has failed it is taken away from everybody, to be opened again.
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redb::Database;

use crate::{Error, Outage};

/// When a caller may come back; it is tried more often whether the file can be used again.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// The database, as far as it may be used.
pub(super) struct Access(RwLock<AccessState>);

enum AccessState {
    /// Read and written.
    Open(Arc<Database>),
    /// Only read, and why.
    ReadOnly(Arc<Database>, Outage),
    /// Neither, and why.
    Away(Outage),
}

impl Access {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self(RwLock::new(AccessState::Open(database)))
    }

    /// The database, to read from it. Whoever has it lets it go soon.
    pub(super) fn read(&self) -> Result<Arc<Database>, Error> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            AccessState::Open(database) | AccessState::ReadOnly(database, _) => Ok(Arc::clone(database)),
            AccessState::Away(outage) => Err(refused(*outage)),
        }
    }

    /// The database, to write to it.
    pub(super) fn write(&self) -> Result<Arc<Database>, Error> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            AccessState::Open(database) => Ok(Arc::clone(database)),
            AccessState::ReadOnly(_, outage) | AccessState::Away(outage) => Err(refused(*outage)),
        }
    }

    pub(super) fn open(&self, database: Arc<Database>) {
        self.set(AccessState::Open(database));
    }

    pub(super) fn only_read(&self, database: Arc<Database>, outage: Outage) {
        self.set(AccessState::ReadOnly(database, outage));
    }

    /// Takes the database away. Who reads at the moment may still have it.
    pub(super) fn take(&self, outage: Outage) {
        self.set(AccessState::Away(outage));
    }

    fn set(&self, state: AccessState) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Nothing was tried, for the reason that is known already.
pub(super) fn refused(outage: Outage) -> Error {
    Error::Unavailable {
        retry: RETRY_DELAY,
        outage,
        cause: "its file cannot be used at the moment".to_owned(),
    }
}
