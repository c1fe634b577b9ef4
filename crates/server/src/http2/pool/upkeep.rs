//! What a pool does beside its calls: it resolves names, makes connections, and lets go of addresses that have left.
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{Inner, MAX_CONNECTIONS, UPKEEP_INTERVAL};
use crate::http2::endpoint::Endpoint;

/// How often names are resolved again.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(3);
/// How long that may take.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it must not have been crowded before connections above the peer's own number are let go of.
const CALM_INTERVAL: Duration = Duration::from_secs(60);
/// Addresses that are used at a time; of a peer that has more, each thread takes others.
const MAX_ADDRESSES: usize = 16;

impl Inner {
    /// Starts the upkeep, once. It ends when the pool is gone.
    pub(super) fn keep(self: &Arc<Self>) {
        if self.is_kept.swap(true, Ordering::Relaxed) {
            return;
        }
        let (pool, wanted) = (Arc::downgrade(self), self.wanted.clone());
        tokio::spawn(async move {
            let mut resolve_at = Instant::now();
            let mut trim_at = resolve_at + CALM_INTERVAL;
            while let Some(pool) = pool.upgrade() {
                if resolve_at <= Instant::now() {
                    pool.resolve().await;
                    resolve_at = Instant::now() + RESOLVE_INTERVAL;
                }
                if pool.connect() {
                    trim_at = Instant::now() + CALM_INTERVAL;
                } else if trim_at <= Instant::now() {
                    trim_at = Instant::now() + CALM_INTERVAL;
                    pool.trim();
                }
                // An attempt that is due soon after a failure is not waited for longer than that.
                let pause = if pool.live.load().is_empty() { UPKEEP_INTERVAL / 20 } else { UPKEEP_INTERVAL };
                drop(pool);
                let _ = tokio::time::timeout(pause, wanted.notified()).await;
            }
        });
    }

    /// Takes the addresses that the peer has now. One that has left keeps the calls that it has.
    async fn resolve(&self) {
        let before = self.endpoints();
        let mut found: Vec<(String, String)> = Vec::new();
        for name in self.peer.list() {
            match tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host(name)).await {
                Ok(Ok(addresses)) => found.extend(addresses.map(|a| (a.to_string(), name.to_owned()))),
                // While a name cannot be resolved, what it was before stands.
                _ => match before.iter().filter(|endpoint| endpoint.name == name).collect::<Vec<_>>() {
                    known if known.is_empty() => found.push((name.to_owned(), name.to_owned())),
                    known => found.extend(known.iter().map(|e| (e.address.clone(), e.name.clone()))),
                },
            }
        }
        let mut seen = HashSet::new();
        found.retain(|(address, _)| seen.insert(address.clone()));
        if found.len() > MAX_ADDRESSES {
            found.sort_by_cached_key(|(address, _)| {
                let mut hasher = DefaultHasher::new();
                (self.seed, address).hash(&mut hasher);
                hasher.finish()
            });
            found.truncate(MAX_ADDRESSES);
        }
        let known = |address: &str| before.iter().find(|endpoint| endpoint.address == address).cloned();
        let endpoints: Vec<_> = found
            .into_iter()
            .map(|(address, name)| known(&address).unwrap_or_else(|| Arc::new(Endpoint::new(address, name))))
            .collect();
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = endpoints;
        self.gather_live();
    }

    /// Lets go of one idle connection to each address that has more than the peer's own number.
    fn trim(&self) {
        for endpoint in self.endpoints() {
            endpoint.trim(self.wanted_connections());
        }
        self.gather_live();
    }

    fn wanted_connections(&self) -> usize {
        self.peer.connections.clamp(1, MAX_CONNECTIONS)
    }

    /// Makes the connections that are missing, each by a task of its own. Returns whether there are more calls than usual.
    fn connect(self: &Arc<Self>) -> bool {
        let mut wanted = self.wanted_connections();
        let is_crowded = self.is_crowded.swap(false, Ordering::Relaxed);
        if is_crowded {
            let most = self.endpoints().iter().map(|endpoint| endpoint.live().len()).max().unwrap_or(0);
            wanted = (most + 1).clamp(wanted, MAX_CONNECTIONS);
        }
        for endpoint in self.endpoints() {
            while endpoint.wants_one(wanted) {
                let (pool, endpoint) = (Arc::downgrade(self), endpoint.clone());
                let peer = self.peer.clone();
                tokio::spawn(async move {
                    let made = endpoint.connect(&peer).await;
                    let Some(inner) = pool.upgrade() else { return };
                    inner.gather_live();
                    let Some((connection, driver)) = made else { return };
                    inner.wanted.notify_one();
                    // Once nobody else holds it, a connection ends: its address has left, or the pool is gone.
                    let connection = {
                        drop((inner, endpoint));
                        Arc::downgrade(&connection)
                    };
                    driver.await;
                    if let (Some(inner), Some(connection)) = (pool.upgrade(), connection.upgrade()) {
                        inner.drop_connection(&connection);
                    }
                });
            }
        }
        is_crowded
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Pool;
    use super::*;
    use crate::Peer;

    /// The addresses that a pool uses of those that its peer has.
    async fn used(pool: &Pool) -> BTreeSet<String> {
        pool.0.resolve().await;
        pool.0.endpoints().iter().map(|endpoint| endpoint.address.clone()).collect()
    }

    #[tokio::test]
    async fn of_a_peer_with_many_addresses_each_pool_uses_sixteen_and_stays_with_them() {
        let addresses =
            |count: u8| (1..=count).map(|n| format!("127.0.0.{n}:9")).collect::<Vec<_>>().join(",");
        let pool = |count| Pool::new(Peer::plain(addresses(count), None));
        let all: BTreeSet<String> = addresses(40).split(',').map(str::to_owned).collect();
        let (one, two) = (pool(40), pool(40));
        let (of_one, of_two) = (used(&one).await, used(&two).await);
        assert_eq!((of_one.len(), of_two.len()), (MAX_ADDRESSES, MAX_ADDRESSES));
        assert!(of_one.is_subset(&all) && of_two.is_subset(&all));
        assert_ne!(of_one, of_two, "one pool in 60 billion picks what another does");
        let before = one.0.endpoints();
        assert_eq!(used(&one).await, of_one);
        let same = |endpoint: &Arc<Endpoint>| before.iter().any(|known| Arc::ptr_eq(known, endpoint));
        assert!(one.0.endpoints().iter().all(same), "what is known keeps its connections");
        assert_eq!(used(&pool(16)).await.len(), 16, "up to there, all are used");
    }
}
