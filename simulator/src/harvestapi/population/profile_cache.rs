//! Profiles as they were last written out.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;

use crate::kernel::sync::lock;

/// Written profiles by name, so that a popular one costs a copy. Bounded by bytes; when full, the least recently used go.
pub(super) struct ProfileCache {
    profiles: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    written: HashMap<Box<str>, (u64, Bytes)>,
    bytes: usize,
    clock: u64,
}

impl ProfileCache {
    /// Bytes.
    const MAX_BYTES: usize = 1 << 20;

    pub(super) fn new() -> Self {
        Self { profiles: Mutex::default() }
    }

    pub(super) fn get_or(&self, name: &str, write: impl FnOnce() -> Vec<u8>) -> Bytes {
        let mut profiles = lock(&self.profiles);
        profiles.clock += 1;
        let now = profiles.clock;
        if let Some((used, bytes)) = profiles.written.get_mut(name) {
            *used = now;
            return bytes.clone();
        }
        let bytes = Bytes::from(write());
        profiles.bytes += bytes.len();
        profiles.written.insert(name.into(), (now, bytes.clone()));
        if profiles.bytes > Self::MAX_BYTES {
            profiles.shrink();
        }
        bytes
    }
}

impl Written {
    /// Drops the older half at once, so that a walk over many profiles does not sort for each of them.
    fn shrink(&mut self) {
        let mut ages: Vec<_> = self.written.values().map(|(used, _)| *used).collect();
        ages.sort_unstable();
        let middle = ages.get(ages.len() / 2).copied().unwrap_or_default();
        self.written.retain(|_, (used, _)| *used >= middle);
        self.bytes = self.written.values().map(|(_, bytes)| bytes.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bytes() {
        let cache = ProfileCache::new();
        for n in 0..1000 {
            cache.get_or(&format!("p{n}"), || vec![0; 10_000]);
            cache.get_or("popular", || vec![1; 10]);
            assert!(lock(&cache.profiles).bytes <= ProfileCache::MAX_BYTES);
        }
        let mut written = false;
        cache.get_or("popular", || {
            written = true;
            Vec::new()
        });
        assert!(!written);
    }
}
