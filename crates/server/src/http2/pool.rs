//! The connections of one thread to a peer: several to each of its addresses, chosen by load.
//!
//! Of two addresses picked by chance, the one with fewer calls under way takes the next call, so that replicas share the load
//! and a slow one gets less of it. Of an address's connections the first is filled to some extent first, since calls that share
//! one share its reads and writes, too. Names are resolved again, and an address that leaves is let go of.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use granary_rpc::Reason;
use http::uri::{Authority, InvalidUriParts, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use tokio::sync::Notify;

use super::endpoint::{CONNECT_TIMEOUT, Connection, Endpoint, EndpointId, FIRST_CALLS};
use super::exchange::Answer;
use super::send_body::Outgoing;
use crate::channel::Peer;

mod error;
mod link;
mod picked;
mod upkeep;

pub use error::{Error, Failed};
pub use link::Link;
pub use picked::Picked;

/// Connections to each address at most; more than the peer's own number are made while the others are near their limit.
const MAX_CONNECTIONS: usize = 16;

/// Calls under way on a connection before the next one of its address takes any: those that share one share its reads and writes.
const SHARED_CALLS: usize = 64;

/// The connections to one address; never none.
type Group = Vec<Arc<Connection>>;

/// The connections to a peer. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    peer: Peer,
    authority: OnceLock<Option<Authority>>,
    endpoints: Mutex<Vec<Arc<Endpoint>>>,
    /// Every connection that takes calls, by address.
    live: ArcSwap<Vec<Group>>,
    /// A connection was made, or an attempt failed.
    changed: Notify,
    /// There is something to do for the upkeep.
    wanted: Arc<Notify>,
    /// More connections to each address are needed than the peer's own number.
    is_crowded: AtomicBool,
    is_kept: AtomicBool,
    /// Which addresses are taken of a peer that has too many, this thread's own.
    seed: u64,
}

impl Pool {
    /// The pool of a peer; nothing is connected yet.
    pub fn new(peer: Peer) -> Self {
        Self(Arc::new(Inner {
            peer,
            authority: OnceLock::new(),
            endpoints: Mutex::default(),
            live: ArcSwap::default(),
            changed: Notify::new(),
            wanted: Arc::default(),
            is_crowded: AtomicBool::new(false),
            is_kept: AtomicBool::new(false),
            seed: rand::random(),
        }))
    }

    /// The URI of a path at the peer.
    ///
    /// # Errors
    /// Where the peer's address is none.
    pub fn uri(&self, path: &'static str) -> Result<Uri, granary_rpc::Error> {
        let fault = |_| granary_rpc::Error::new(Reason::Internal, "the address of a service cannot be used");
        self.uri_of(Some(PathAndQuery::from_static(path))).map_err(fault)
    }

    fn uri_of(&self, path: Option<PathAndQuery>) -> Result<Uri, InvalidUriParts> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.0.peer.ca_file.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
        let authority =
            self.0.authority.get_or_init(|| self.0.peer.list().next().and_then(|a| a.parse().ok()));
        parts.authority.clone_from(authority);
        parts.path_and_query = path;
        Uri::from_parts(parts)
    }

    /// A connection that takes a call, made now where there is none; to another address than one that has just failed, where
    /// there is another.
    ///
    /// # Errors
    /// Where there is nobody, or nobody has room.
    pub async fn connection(&self, avoided: Option<EndpointId>) -> Result<Picked, Error> {
        let beside = avoided.and_then(|avoided| self.0.pick_beside(avoided));
        let connection = match beside.or_else(|| self.0.pick()) {
            Some(picked) => picked,
            // Boxed, so that a call on a live connection does not carry the room that connecting needs.
            None => Box::pin(self.0.await_connection()).await?,
        };
        Ok(Picked::new(self.0.clone(), connection))
    }

    /// Sends a request whose URI was made by [`Pool::uri`].
    ///
    /// # Errors
    /// With the request's body, so that it can be sent again where that is allowed.
    pub async fn send<B>(&self, head: Request<()>, body: B) -> Result<Response<Answer<B>>, Failed<B>>
    where
        B: Outgoing,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match self.connection(None).await {
            Ok(connection) => connection.send(head, body).await,
            Err(error) => Err(Failed { error, body, endpoint: None }),
        }
    }
}

impl Inner {
    fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection to the less busy of two addresses, where one has room.
    fn pick(&self) -> Option<Arc<Connection>> {
        let live = self.live.load();
        let group = match live.as_slice() {
            [] => return None,
            [one] => one,
            several => {
                let first = rand::random_range(0..several.len());
                // Another one than the first.
                let second = (first + rand::random_range(1..several.len())) % several.len();
                if calls_of(&several[first]) <= calls_of(&several[second]) {
                    &several[first]
                } else {
                    &several[second]
                }
            }
        };
        let picked = pick_of(group)?;
        let calls = picked.calls();
        // Below any limit that a peer of ours has, it need not be looked up.
        if calls < FIRST_CALLS {
            return Some(picked.clone());
        }
        let most = picked.max_calls();
        if calls * 4 >= most * 3 && !self.is_crowded.swap(true, Ordering::Relaxed) {
            self.wanted.notify_one();
        }
        if calls < most {
            return Some(picked.clone());
        }
        let least = live.iter().flatten().min_by_key(|connection| connection.calls())?;
        (least.calls() < least.max_calls()).then(|| least.clone())
    }

    /// The least busy of the connections to other addresses.
    fn pick_beside(&self, avoided: EndpointId) -> Option<Arc<Connection>> {
        let live = self.live.load();
        let beside = live.iter().flatten().filter(|connection| connection.endpoint != avoided);
        beside.min_by_key(|connection| connection.calls()).filter(|c| c.calls() < c.max_calls()).cloned()
    }

    /// Waits for a connection, however many wait with it; an attempt goes on whoever gives up.
    async fn await_connection(self: &Arc<Self>) -> Result<Arc<Connection>, Error> {
        self.keep();
        // A failure from before says nothing of now: each caller waits for an attempt of its own time.
        let before: Vec<(Arc<Endpoint>, u64)> =
            self.endpoints().into_iter().map(|endpoint| (endpoint.clone(), endpoint.failures())).collect();
        let found = async {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if let Some(connection) = self.pick() {
                    return Ok(connection);
                }
                if let Some(error) = self.exhausted(&before) {
                    return Err(error);
                }
                self.wanted.notify_one();
                // A call that ends makes room, too, and tells nobody.
                let _ = tokio::time::timeout(ROOM_INTERVAL, changed).await;
            }
        };
        tokio::time::timeout(CONNECT_TIMEOUT, found)
            .await
            .unwrap_or_else(|_| Err(Error::Connect("connecting took too long".to_owned())))
    }

    /// Why there will be no connection soon: every address has failed since `before`.
    fn exhausted(&self, before: &[(Arc<Endpoint>, u64)]) -> Option<Error> {
        let endpoints = self.endpoints();
        if !self.live.load().is_empty() {
            let all = endpoints.iter().all(|endpoint| endpoint.live().len() >= MAX_CONNECTIONS);
            return all.then_some(Error::Full);
        }
        let failure = |endpoint: &Arc<Endpoint>| {
            let known = before.iter().find(|(known, _)| Arc::ptr_eq(known, endpoint));
            endpoint.failure_after(known.map_or(0, |(_, failures)| *failures))
        };
        let failures: Option<Vec<_>> = endpoints.iter().map(failure).collect();
        failures?.pop().map(Error::Connect)
    }

    /// Lets go of a connection that takes no calls any more.
    fn drop_connection(&self, connection: &Connection) {
        if connection.close() {
            self.gather_live();
            self.wanted.notify_one();
        }
    }

    fn gather_live(&self) {
        let live = self.endpoints().into_iter().map(|endpoint| endpoint.live());
        let live = live.filter(|live| !live.is_empty()).collect();
        self.live.store(Arc::new(live));
        self.changed.notify_waiters();
    }
}

fn calls_of(group: &Group) -> usize {
    group.iter().map(|connection| connection.calls()).sum()
}

/// The first connection that has few calls, else the least busy one.
fn pick_of(group: &Group) -> Option<&Arc<Connection>> {
    let few = |connection: &&Arc<Connection>| connection.calls() < SHARED_CALLS;
    group.iter().find(few).or_else(|| group.iter().min_by_key(|connection| connection.calls()))
}

/// How often those who wait for room look for it.
const ROOM_INTERVAL: Duration = Duration::from_millis(20);
/// How long the upkeep waits where nobody needs it.
const UPKEEP_INTERVAL: Duration = Duration::from_millis(500);
