//! What makes cached principals and tickets stale: each invalidation moves a generation on, and the generation is part of
//! the cache's key. So an entry whose issue began before an invalidation is never found after it.
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

/// Collisions only cost a needless miss.
const SHARDS: usize = 4_096;

/// Generations of accounts and keys.
#[derive(Debug)]
pub(crate) struct Generations {
    epoch: AtomicU32,
    shards: Vec<AtomicU32>,
    hasher: RandomState,
}

/// The generation of one subject, at one time.
pub(crate) type Generation = (u32, u32);

impl Generations {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| AtomicU32::new(0)).collect();
        Self { epoch: AtomicU32::new(0), shards, hasher: RandomState::new() }
    }

    pub(crate) fn account(&self, tenant: &str, account: &str) -> Generation {
        self.get(self.shard(&(tenant, account)))
    }

    pub(crate) fn key(&self, key_id: &str) -> Generation {
        self.get(self.shard(&key_id))
    }

    pub(crate) fn account_changed(&self, tenant: &str, account: &str) {
        self.shard(&(tenant, account)).fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn key_changed(&self, key_id: &str) {
        self.shard(&key_id).fetch_add(1, Ordering::AcqRel);
    }

    /// After a gap, nothing that is cached can be trusted.
    pub(crate) fn all_changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn get(&self, shard: &AtomicU32) -> Generation {
        (self.epoch.load(Ordering::Acquire), shard.load(Ordering::Acquire))
    }

    fn shard(&self, subject: &impl std::hash::Hash) -> &AtomicU32 {
        let index = usize::try_from(self.hasher.hash_one(subject) % SHARDS as u64).unwrap_or(0);
        &self.shards[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_moves_its_subject_and_a_gap_moves_all() {
        let generations = Generations::new();
        let before = generations.account("t", "a");
        generations.account_changed("t", "a");
        let after = generations.account("t", "a");
        assert_ne!(before, after);
        let key = generations.key("k");
        generations.all_changed();
        assert_ne!(generations.account("t", "a"), after);
        assert_ne!(generations.key("k"), key);
    }
}
