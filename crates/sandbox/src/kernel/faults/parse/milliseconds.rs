//! Times of a fault.

use std::time::Duration;

use crate::kernel::fields::{Complaint, Fields};

/// Milliseconds.
const MAX_DELAY: u64 = 600_000;

/// Reads a time in milliseconds.
pub(super) fn milliseconds(fields: &mut Fields, name: &str) -> Result<Option<Duration>, Complaint> {
    match fields.integer(name)? {
        Some(time) if time > MAX_DELAY => Err(Complaint::new(name, "must be at most 600000")),
        time => Ok(time.map(Duration::from_millis)),
    }
}
