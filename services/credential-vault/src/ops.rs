//! What an operator sees and does: the audit log, outages, and work on everything in a store.
pub mod audit;
pub(crate) mod maintenance;
pub(crate) mod outage;
pub mod store_selection;
pub(crate) mod switch;
pub(crate) mod term;
