//! What is kept of Apify, by the names of the tables on disk.

use crate::kernel::store::Table;

pub(super) const TOKENS: Table = Table("apify_tokens");
