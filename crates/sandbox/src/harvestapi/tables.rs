//! What is kept of HarvestAPI, by the names of the tables on disk.

use crate::kernel::store::Table;

pub(super) const KEYS: Table = Table("harvestapi_keys");
pub(super) const COOKIES: Table = Table("li_at");
/// What the holder of each cookie has done.
pub(super) const SESSIONS: Table = Table("linkedin_sessions");
