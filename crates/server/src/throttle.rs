//! One line a second at most, with how many it stands for: a hostile peer must not write the log.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Lets one through each second and counts the others.
#[derive(Debug)]
pub(crate) struct Throttle {
    second: AtomicU64,
    count: AtomicU64,
}

impl Throttle {
    pub(crate) const fn new() -> Self {
        Self { second: AtomicU64::new(0), count: AtomicU64::new(0) }
    }

    /// How many there were since the last one that was let through, itself included; `None`: not this one.
    pub(crate) fn take(&self) -> Option<u64> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.count.fetch_add(1, Ordering::Relaxed);
        let before = self.second.swap(now, Ordering::AcqRel);
        (before != now).then(|| self.count.swap(0, Ordering::AcqRel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_that_tells_how_many() {
        let throttle = Throttle::new();
        let told: Vec<u64> = (0..1_000).filter_map(|_| throttle.take()).collect();
        assert!(told.len() <= 3, "{told:?}");
        assert_eq!(told[0], 1);
    }
}
