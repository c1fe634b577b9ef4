//! A proxy before a server, with switches for what may go wrong between the two.
mod connection;
mod exchange;
mod listen;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::ports::free_port;
use exchange::{Faults, Rule};

/// How long a switch may take to act.
const START_TIMEOUT: Duration = Duration::from_secs(5);

/// A TCP proxy. Of HTTP/1.1 in the clear it sees each request, and a [`Fault`] may befall it; TLS and HTTP/2 pass as they
/// are, under the [`Link`] alone. Answers are passed on when they are complete.
#[derive(Debug)]
pub struct FaultProxy {
    scheme: String,
    port: u16,
    shared: Arc<Shared>,
    _listening: AbortOnDropHandle<()>,
}

/// The state of the way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Connections are made.
    Up,
    /// Nothing listens: connections are refused, and open ones are cut.
    Refused,
    /// Nothing arrives, either way, nor is anything cut. What was on its way arrives when the link is up again.
    Partitioned,
}

/// What befalls a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is forwarded and answered.
    Pass,
    /// It is taken, never forwarded, and never answered.
    Stall,
    /// It is forwarded after this time.
    Delay(Duration),
    /// The connection is cut; the server never sees it.
    CutBefore,
    /// The server answers it, and the connection is cut in the answer's place.
    CutAfter,
    /// This is the answer, as JSON; the server never sees it.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The answer sends the caller to the same path at this server, given as `http://host:port`; ours never sees it.
    Redirect(String),
    /// The server answers it, and the first half of the body arrives, as if that were all.
    Truncate,
}

/// A request that arrived, and what befell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The HTTP method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The namespace that was asked in.
    pub namespace: Option<String>,
    /// What befell it.
    pub fault: Fault,
}

/// What the proxy and its connections share.
#[derive(Debug)]
struct Shared {
    /// `host:port` of the server.
    target: String,
    wanted: watch::Sender<Wanted>,
    /// The number of the newest order that was carried out.
    settled: watch::Sender<u64>,
    faults: Faults,
}

/// The newest order to the listener.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    number: u64,
    link: Link,
    cut: bool,
}

impl FaultProxy {
    /// Starts one before a server, given as `host:port` or `http://host:port`.
    pub async fn start(server: &str) -> Self {
        let (scheme, target) = server.split_once("://").map_or(("", server), |(scheme, rest)| (scheme, rest));
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let shared = Arc::new(Shared {
            target: target.trim_end_matches('/').to_owned(),
            wanted: watch::Sender::new(Wanted { number: 0, link: Link::Up, cut: false }),
            settled: watch::Sender::new(0),
            faults: Faults::default(),
        });
        let listening = tokio::spawn(listen::listen(listener, port, shared.clone()));
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        Self { scheme, port, shared, _listening: AbortOnDropHandle::new(listening) }
    }

    /// Its address, in the form in which the server's was given.
    pub fn address(&self) -> String {
        format!("{}127.0.0.1:{}", self.scheme, self.port)
    }

    /// Changes the link, and returns when that is so.
    pub async fn link(&self, link: Link) {
        self.order(link, link == Link::Refused).await;
    }

    /// Cuts every open connection; new ones are made.
    pub async fn cut(&self) {
        let link = self.shared.wanted.borrow().link;
        self.order(link, true).await;
    }

    /// From now on this befalls each request that [`next`](Self::next) says nothing of.
    pub fn always(&self, fault: Fault) {
        self.shared.faults.always(fault);
    }

    /// This befalls the next `count` requests with this method (any: "") whose path with the query holds this text. Of
    /// several that match, the one that was said first and is not used up.
    pub fn next(&self, count: usize, method: &str, path: &str, fault: Fault) {
        let rule = Rule { left: count, method: method.to_owned(), path: path.to_owned(), fault };
        self.shared.faults.add(rule);
    }

    /// Brings the link up and ends all faults. What stalls, stalls on.
    pub async fn heal(&self) {
        self.shared.faults.clear();
        self.link(Link::Up).await;
    }

    /// The requests that arrived, the newest last; the newest 10,000 are kept.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.faults.seen()
    }

    async fn order(&self, link: Link, cut: bool) {
        let mut number = 0;
        self.shared.wanted.send_modify(|wanted| {
            number = wanted.number + 1;
            // An order to cut that was not carried out yet stays.
            let cut = cut || (wanted.cut && *self.shared.settled.borrow() < wanted.number);
            *wanted = Wanted { number, link, cut };
        });
        let mut settled = self.shared.settled.subscribe();
        let wait = tokio::time::timeout(START_TIMEOUT, settled.wait_for(|done| *done >= number)).await;
        wait.expect("the proxy acts in time").expect("the proxy runs");
    }
}

impl Shared {
    /// Waits until the link is not partitioned.
    async fn passable(&self) {
        let mut wanted = self.wanted.subscribe();
        // The sender lives as long as `self`.
        let _ = wanted.wait_for(|wanted| wanted.link != Link::Partitioned).await;
    }
}
