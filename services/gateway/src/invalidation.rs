//! Follows what credential-vault announces, at every address that its name resolves to.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_server::{CancellationToken, Link, Peer, PeerKey};
use tokio::task::JoinHandle;

use crate::broker::Broker;
use crate::generations::Generations;

/// Heartbeats come every 500 ms; after three missing ones the stream counts as cut.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(1_700);
/// How often the name is resolved again.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(5);
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// Follows all replicas of credential-vault.
#[derive(Clone, Debug)]
pub(crate) struct Watcher {
    generations: Arc<Generations>,
    connected: Arc<AtomicUsize>,
}

impl Watcher {
    pub(crate) fn new(generations: Arc<Generations>) -> Self {
        Self { generations, connected: Arc::default() }
    }

    /// Whether at least one replica is followed now.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire) > 0
    }

    /// Follows until `end`.
    pub(crate) async fn run(self, peer: Peer, key: Option<PeerKey>, end: CancellationToken) {
        let mut replicas: HashMap<String, JoinHandle<()>> = HashMap::new();
        loop {
            let addresses = peer.addresses().await;
            replicas.retain(|address, task| {
                let keep = addresses.iter().any(|(known, _)| known == address) && !task.is_finished();
                if !keep {
                    task.abort();
                }
                keep
            });
            for (address, name) in addresses {
                if let Entry::Vacant(place) = replicas.entry(address) {
                    let broker = Broker::new(vec![Link::to(&peer, place.key(), &name)], key.as_ref());
                    place.insert(tokio::spawn(self.clone().follow(broker, end.clone())));
                }
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(RESOLVE_INTERVAL) => {}
            }
        }
    }

    async fn follow(self, broker: Broker, end: CancellationToken) {
        while !end.is_cancelled() {
            tokio::select! {
                () = end.cancelled() => return,
                () = self.stream(&broker) => {}
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// One stream, to its end. What was cached before it began may be stale, so it begins by dropping all.
    async fn stream(&self, broker: &Broker) {
        let Ok(Ok(mut stream)) = tokio::time::timeout(SILENCE_TIMEOUT, broker.watch()).await else { return };
        let mut next = 0;
        let mut counted = None;
        while let Ok(Ok(Some(message))) = tokio::time::timeout(SILENCE_TIMEOUT, stream.message()).await {
            if counted.is_none() {
                self.generations.all_changed();
                counted = Some(Connected::new(&self.connected));
            }
            if message.sequence != next {
                return self.generations.all_changed();
            }
            next += 1;
            match message.event {
                Some(Event::AccountChanged(c)) => self.generations.account_changed(&c.tenant, &c.identifier),
                Some(Event::KeyChanged(c)) => self.generations.key_changed(&c.key_id),
                Some(Event::Heartbeat(_)) => {}
                // An event that a newer credential-vault knows and this gateway does not.
                None => self.generations.all_changed(),
            }
        }
    }
}

/// Counts a stream for as long as it lives, however it ends.
struct Connected(Arc<AtomicUsize>);

impl Connected {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count.clone())
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
