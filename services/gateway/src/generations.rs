//! What makes cached principals and tickets stale: each invalidation moves a generation on, and the generation is part of
//! the cache's key. So an entry whose issue began before an invalidation is never found after it.
//!
//! Another replica of credential-vault than the one that changed something may for a moment answer from what it read before.
//! So what is issued within [`MAX_REPLICA_LAG_DELAY`] of an invalidation is used no longer than that.
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Collisions only cost a needless miss.
const SHARDS: usize = 4_096;
/// How long a replica may answer from what it read before a change.
const MAX_REPLICA_LAG_DELAY: Duration = Duration::from_secs(1);

/// Generations of accounts and keys.
#[derive(Debug)]
pub(crate) struct Generations {
    all: Shard,
    shards: Vec<Shard>,
    hasher: RandomState,
    start: Instant,
}

#[derive(Debug, Default)]
struct Shard {
    generation: AtomicU32,
    /// When it usable_until, in milliseconds after the start.
    lag_ends_ms: AtomicU64,
}

/// The generation of one subject, at one time.
pub(crate) type Generation = (u32, u32);

impl Generations {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { all: Shard::default(), shards, hasher: RandomState::new(), start: Instant::now() }
    }

    pub(crate) fn account(&self, tenant: &str, account: &str) -> Generation {
        self.get(self.shard(&(tenant, account)))
    }

    pub(crate) fn key(&self, key_id: &str) -> Generation {
        self.get(self.shard(&key_id))
    }

    /// Another account of the tenant, whose changes are taken for changes of this one.
    #[cfg(test)]
    pub(crate) fn account_beside(&self, tenant: &str, account: &str) -> String {
        let shard = self.shard(&(tenant, account));
        let is_beside = |other: &String| std::ptr::eq(shard, self.shard(&(tenant, other.as_str())));
        (0..).map(|n| format!("other-{n}")).find(is_beside).unwrap_or_default()
    }

    /// Latest use of anything that is issued now for the account; `None` where no invalidation is recent.
    pub(crate) fn account_usable_until(&self, tenant: &str, account: &str) -> Option<Instant> {
        self.usable_until(self.shard(&(tenant, account)))
    }

    /// Latest use of anything that is issued now for the API key; `None` where no invalidation is recent.
    pub(crate) fn key_usable_until(&self, key_id: &str) -> Option<Instant> {
        self.usable_until(self.shard(&key_id))
    }

    pub(crate) fn account_changed(&self, tenant: &str, account: &str) {
        self.changed(self.shard(&(tenant, account)));
    }

    pub(crate) fn key_changed(&self, key_id: &str) {
        self.changed(self.shard(&key_id));
    }

    /// After a gap, nothing that is cached can be trusted.
    pub(crate) fn all_changed(&self) {
        self.changed(&self.all);
    }

    fn changed(&self, shard: &Shard) {
        let settled = (self.start.elapsed() + MAX_REPLICA_LAG_DELAY).as_millis();
        shard.lag_ends_ms.store(u64::try_from(settled).unwrap_or(u64::MAX), Ordering::Release);
        shard.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn get(&self, shard: &Shard) -> Generation {
        (self.all.generation.load(Ordering::Acquire), shard.generation.load(Ordering::Acquire))
    }

    fn usable_until(&self, shard: &Shard) -> Option<Instant> {
        let settled =
            shard.lag_ends_ms.load(Ordering::Acquire).max(self.all.lag_ends_ms.load(Ordering::Acquire));
        let at = self.start + Duration::from_millis(settled);
        (at > Instant::now()).then_some(at)
    }

    fn shard(&self, subject: &impl std::hash::Hash) -> &Shard {
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
        assert!(
            generations.account_usable_until("t", "a").is_some(),
            "what is issued now is not kept for long"
        );
        let key = generations.key("k");
        generations.all_changed();
        assert_ne!(generations.account("t", "a"), after);
        assert_ne!(generations.key("k"), key);
    }

    #[test]
    fn accounts_that_share_a_shard_move_together_and_others_stay() {
        let generations = Generations::new();
        let (shared, before) = (generations.account_beside("t", "a"), generations.account("t", "a"));
        generations.account_changed("t", &shared);
        assert_ne!(generations.account("t", "a"), before, "what is cached of it is asked for once more");
        let moved = |n: &usize| generations.account("t", &format!("apart-{n}")) != before;
        assert!((0..1_000).filter(moved).count() < 10, "one shard of many moves");
    }
}
