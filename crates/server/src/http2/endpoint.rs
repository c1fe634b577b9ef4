//! One address of a peer, and the connections to it.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::coalesce::Coalesce;
use super::{CONNECTION_WINDOW, INNER_FRAME_BUDGET, RESETS_REMEMBERED, STREAM_WINDOW, keepalive, reasons};
use crate::channel::Peer;

/// How long a connection may take to be made, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the peer must show that it is there.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long it may take for that.
const PONG_TIMEOUT: Duration = Duration::from_secs(5);
/// Between the first failure to connect and the next attempt; doubled with each further failure.
const MIN_BACKOFF: Duration = Duration::from_millis(20);
const MAX_BACKOFF: Duration = Duration::from_millis(250);
/// Calls that may begin before the peer has said how many it takes; below what any peer of ours takes.
pub(super) const FIRST_CALLS: usize = 32;
/// Bytes of an answer's headers.
const MAX_HEADER_BYTES: u32 = 1 << 16;

/// One address of a peer.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Host and port, resolved where they could be.
    pub(super) address: String,
    /// What the peer's setting says, for the certificate.
    pub(super) name: String,
    number: EndpointId,
    state: Mutex<EndpointState>,
}

/// Tells addresses apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointId(u64);

#[derive(Debug, Default)]
struct EndpointState {
    connections: Vec<Arc<Connection>>,
    connecting: usize,
    failed: Option<Failed>,
    failures: u64,
    backoff: Duration,
}

#[derive(Clone, Debug)]
struct Failed {
    error: String,
    retry_at: Instant,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) endpoint: EndpointId,
    sender: SendRequest<Bytes>,
    calls: AtomicUsize,
    is_closing: AtomicBool,
}

/// Counts one call on a connection for as long as it lives.
#[derive(Debug)]
pub(super) struct Flight(Arc<Connection>);

impl Connection {
    /// A handle that sends one request, or `None` where the connection takes no more.
    pub(super) fn sender(&self) -> Option<SendRequest<Bytes>> {
        (!self.is_closing.load(Ordering::Relaxed)).then(|| self.sender.clone())
    }

    /// Calls under way.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls that the peer takes at a time.
    pub(super) fn max_calls(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    pub(super) fn begin(self: &Arc<Self>) -> Flight {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Flight(self.clone())
    }

    /// Takes it out of use: the peer is going away, or is gone.
    pub(super) fn close(&self) -> bool {
        !self.is_closing.swap(true, Ordering::Relaxed)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Endpoint {
    pub(super) fn new(address: String, name: String) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = EndpointId(LAST.fetch_add(1, Ordering::Relaxed));
        Self { address, name, number, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, EndpointState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections that take calls.
    pub(super) fn live(&self) -> Vec<Arc<Connection>> {
        let mut state = self.state();
        state.connections.retain(|connection| !connection.is_closing.load(Ordering::Relaxed));
        state.connections.clone()
    }

    /// Lets go of one connection without calls, where there are more than `wanted`. It ends once nobody holds it.
    pub(super) fn trim(&self, wanted: usize) {
        let mut state = self.state();
        let idle = state.connections.iter().position(|connection| connection.calls() == 0);
        if let Some(index) = idle.filter(|_| state.connections.len() > wanted) {
            state.connections.swap_remove(index).close();
        }
    }

    /// Counts one more attempt to connect, unless there are `wanted` connections or it is too early after a failure.
    pub(super) fn wants_one(&self, wanted: usize) -> bool {
        let mut state = self.state();
        let early = state.failed.as_ref().is_some_and(|failed| failed.retry_at > Instant::now());
        // One attempt at a time where it is not known that there is anybody.
        let most = if state.connections.is_empty() { 1 } else { wanted };
        let wants = !early && state.connecting < most && state.connections.len() + state.connecting < wanted;
        state.connecting += usize::from(wants);
        wants
    }

    /// How many attempts have failed so far.
    pub(super) fn failures(&self) -> u64 {
        self.state().failures
    }

    /// The last failure, where one came after so many others and nothing is being tried.
    pub(super) fn failure_after(&self, failures: u64) -> Option<String> {
        let state = self.state();
        let failed = state.failed.as_ref().filter(|_| state.connecting == 0 && state.failures > failures)?;
        Some(failed.error.clone())
    }

    /// Makes the connection that [`wants_one`](Self::wants_one) counted.
    pub(super) async fn connect(
        &self,
        peer: &Peer,
    ) -> Option<(Arc<Connection>, impl Future<Output = ()> + use<>)> {
        let made = tokio::time::timeout(CONNECT_TIMEOUT, handshake(peer, &self.address, &self.name)).await;
        let made = made.unwrap_or_else(|_| Err("connecting took too long".to_owned()));
        let mut state = self.state();
        state.connecting -= 1;
        match made {
            Ok((sender, driver)) => {
                let connection = Arc::new(Connection {
                    endpoint: self.number,
                    sender,
                    calls: AtomicUsize::new(0),
                    is_closing: AtomicBool::new(false),
                });
                state.connections.push(connection.clone());
                state.failed = None;
                state.backoff = Duration::ZERO;
                Some((connection, driver))
            }
            Err(error) => {
                state.backoff = (state.backoff * 2).clamp(MIN_BACKOFF, MAX_BACKOFF);
                let wait = state.backoff.mul_f64(rand::random_range(0.75..1.25));
                state.failures += 1;
                state.failed = Some(Failed { error, retry_at: Instant::now() + wait });
                None
            }
        }
    }
}

type Driver = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn handshake(peer: &Peer, address: &str, name: &str) -> Result<(SendRequest<Bytes>, Driver), String> {
    let stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    // The files are read at each connection, so that a rotated certificate is taken.
    match peer.client_tls(name).map_err(|e| e.to_string())? {
        None => http2(stream).await,
        Some((tls, name)) => {
            let name = ServerName::try_from(name).map_err(|e| e.to_string())?;
            let stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
            http2(stream.map_err(|e| e.to_string())?).await
        }
    }
}

/// The peer is one of ours: nothing that callers do may count against the connection which they share.
async fn http2<I>(stream: I) -> Result<(SendRequest<Bytes>, Driver), String>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Coalesce::new(stream);
    let signs = stream.signs();
    let (sender, mut connection) = Builder::new()
        .enable_push(false)
        .initial_max_send_streams(FIRST_CALLS)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_window_size(STREAM_WINDOW)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_concurrent_reset_streams(RESETS_REMEMBERED)
        .max_pending_accept_reset_streams(usize::MAX)
        .max_local_error_reset_streams(None)
        .data_frame_budget(INNER_FRAME_BUDGET)
        .handshake(stream)
        .await
        .map_err(|e| e.to_string())?;
    let pings = connection.ping_pong();
    let driver = async move {
        let silence = async {
            match pings {
                Some(pings) => keepalive::silence(pings, signs, PING_INTERVAL, PONG_TIMEOUT).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Its calls are told by themselves how it ended.
            ended = connection => {
                if let Err(error) = ended {
                    reasons::count(&error, "client");
                }
            }
            why = silence => {
                metrics::counter!("granary_connections_closed_total", "side" => "client", "reason" => why.text()).increment(1);
            }
        }
    };
    Ok((sender, Box::pin(driver)))
}
