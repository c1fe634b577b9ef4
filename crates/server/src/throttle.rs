//! So many lines a second at most, with how many they stand for: a hostile peer must not write the log.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Lets some through each second and counts the others.
#[derive(Debug)]
pub(crate) struct Throttle {
    most: u64,
    second: AtomicU64,
    /// How many were let through in this second.
    passed: AtomicU64,
    /// How many there were since the last one that was let through.
    count: AtomicU64,
}

impl Throttle {
    /// One a second.
    pub(crate) const fn new() -> Self {
        Self::up_to(1)
    }

    /// So many a second.
    pub(crate) const fn up_to(most: u64) -> Self {
        Self { most, second: AtomicU64::new(0), passed: AtomicU64::new(0), count: AtomicU64::new(0) }
    }

    /// How many there were since the last one that was let through, itself included; `None`: not this one.
    pub(crate) fn take(&self) -> Option<u64> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.count.fetch_add(1, Ordering::Relaxed);
        if self.second.swap(now, Ordering::AcqRel) != now {
            self.passed.store(0, Ordering::Release);
        }
        (self.passed.fetch_add(1, Ordering::AcqRel) < self.most).then(|| self.count.swap(0, Ordering::AcqRel))
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
        let throttle = Throttle::up_to(20);
        let told = (0..1_000).filter_map(|_| throttle.take()).count();
        assert!((20..=60).contains(&told), "{told}");
    }
}
