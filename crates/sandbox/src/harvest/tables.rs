//! What is kept of Harvest, by the names of the tables on disk.

use crate::kernel::store::Table;

pub(super) const TOKENS: Table = Table("harvest_tokens");
pub(super) const ACCOUNTS: Table = Table("harvest_accounts");
/// Keys are `account/entry`, both in decimal.
pub(super) const ENTRIES: Table = Table("harvest_entries");
