//! What all ports share: the vendors, the journal, the faults to come, and the store.

use std::sync::Arc;

use super::faults::Faults;
use super::journal::Journal;
use super::store::Store;
use super::vendor::Vendor;

/// Everything that is there once for all ports.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) vendors: Vec<Arc<dyn Vendor>>,
}

impl Shared {
    pub(crate) fn new(store: Arc<Store>, vendors: Vec<Arc<dyn Vendor>>) -> Self {
        Self { store, journal: Journal::new(), faults: Faults::new(), vendors }
    }

    /// Goes back to the seed. The wipe of kept state comes last, so that nothing changed before it is written after it.
    pub(crate) fn reset(&self) {
        self.faults.clear();
        self.vendors.iter().for_each(|vendor| vendor.reset());
        self.store.clear();
        self.journal.clear();
    }
}
