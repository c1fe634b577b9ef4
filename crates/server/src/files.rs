//! Open files: the soft limit is raised to the hard one, and callers' connections are fitted to it.
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are kept for our own connections, stores and logs, whatever callers do.
const MIN_RESERVED: u64 = 64;

static MAX_CONNECTIONS: OnceLock<usize> = OnceLock::new();

/// Raises the limit of open files as far as it goes, and fits callers' connections to it. To be called once at start.
pub fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let open = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            limit.current
        }
    };
    // No limit is one that no number of connections reaches.
    let most = open.map_or(usize::MAX, fitting);
    if MAX_CONNECTIONS.set(most).is_ok() && most < 10_000 {
        tracing::warn!(
            open_files = open,
            max_connections = most,
            "the limit of open files bounds callers' connections; raise it (ulimit -n, LimitNOFILE)"
        );
    }
}

/// Connections of callers that the limit of open files leaves room for: a quarter is kept for our own.
pub(crate) fn max_connections() -> usize {
    MAX_CONNECTIONS.get().copied().unwrap_or(usize::MAX)
}

fn fitting(open: u64) -> usize {
    usize::try_from(open.saturating_sub((open / 4).max(MIN_RESERVED))).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept_for_our_own() {
        assert_eq!(fitting(256), 192);
        assert_eq!(fitting(1_024), 768);
        assert_eq!(fitting(100), 36);
        assert_eq!(fitting(10), 1);
    }
}
