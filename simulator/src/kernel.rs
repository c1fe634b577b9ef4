//! What the simulated vendors have in common: how a call comes in, what may go wrong with it, and what is kept.
//!
//! It knows a vendor by the trait [`vendor::Vendor`] alone.

pub(crate) mod answer;
pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod credentials;
pub(crate) mod faults;
pub(crate) mod fields;
pub(crate) mod journal;
pub(crate) mod kept;
pub(crate) mod listener;
pub(crate) mod pipeline;
pub(crate) mod rate;
pub(crate) mod reply;
pub(crate) mod seed;
pub(crate) mod shared;
pub(crate) mod store;
pub(crate) mod sync;
pub(crate) mod vendor;
