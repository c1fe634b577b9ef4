//! How far this machine's clock is from credential-vault's, which says what time it is where it refuses a sealed box for its time.
use std::time::{Duration, SystemTime};

use crate::exit::Failure;

/// The difference, as words such as "400 s behind", and as a time.
pub struct Apart {
    /// In words.
    pub text: String,
    /// However it is directed.
    pub by: Duration,
}

/// Compares the clocks; `None` where the refusal is another one.
pub fn apart(refusal: &Failure, own: SystemTime) -> Option<Apart> {
    let server = refusal.get("server_time").filter(|_| refusal.reason() == "SEAL_EXPIRED")?;
    let server = SystemTime::try_from(server.parse::<prost_types::Timestamp>().ok()?).ok()?;
    let (by, word) = match own.duration_since(server) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    Some(Apart { text: format!("{} s {word}", by.as_secs()), by })
}
