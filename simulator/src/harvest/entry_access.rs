//! Which time entries a caller may see and change.

use super::account::{Account, Entry};
use super::caller::Caller;
use super::errors;
use crate::kernel::reply::Reply;

/// An entry that the caller may change; one that is not visible does not exist.
pub(super) fn changeable(account: &Account, caller: Caller, id: u64) -> Result<&Entry, Reply> {
    let entry = visible(account, caller, id)?;
    if !caller.writes_for(account, entry.person) {
        return Err(errors::forbidden());
    }
    if entry.invoice.is_some() {
        return Err(errors::invalid(&["Time entry is locked".to_owned()]));
    }
    Ok(entry)
}

/// An entry that the caller may see.
pub(super) fn visible(account: &Account, caller: Caller, id: u64) -> Result<&Entry, Reply> {
    account.entries.get(&id).filter(|entry| caller.sees_entry(account, entry)).ok_or_else(errors::not_found)
}
