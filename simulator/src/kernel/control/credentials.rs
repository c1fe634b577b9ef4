//! Reads and applies commands about credentials, whichever vendor takes them.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::kernel::credentials::{CredentialState, Update};
use crate::kernel::fields::{Complaint, Fields};
use crate::kernel::vendor::Vendor;

/// Lists the credentials of all vendors.
pub(super) fn listing(vendors: &[Arc<dyn Vendor>]) -> Map<String, Value> {
    let lists = vendors.iter().flat_map(|vendor| vendor.credentials().listing());
    lists.map(|(name, list)| (name.to_owned(), list)).collect()
}

/// Applies an update to the one credential that it names.
pub(super) fn apply(vendors: &[Arc<dyn Vendor>], body: &[u8]) -> Result<Value, Complaint> {
    let mut fields = Fields::parse(body)?;
    let kinds = || {
        vendors.iter().flat_map(|vendor| vendor.credentials().kinds().iter().map(move |kind| (vendor, kind)))
    };
    let names = kinds().flat_map(|(vendor, kind)| {
        std::iter::once(kind.field).chain(kind.alias).map(move |name| (vendor, kind.field, name))
    });
    let given: Vec<_> = names.filter(|(_, _, name)| fields.has(name)).collect();
    let [(vendor, kind, name)] = given[..] else {
        let known: Vec<_> = kinds().map(|(_, kind)| kind.field).collect();
        return Err(Complaint::new("credential", &format!("exactly one of {} is needed", known.join(", "))));
    };
    let value = fields.text(name)?.ok_or_else(|| Complaint::new(name, "must be a text that is not empty"))?;
    let state = fields.word("state", &CredentialState::WORDS)?;
    vendor.credentials().apply(Update { kind, value, state, fields })
}
