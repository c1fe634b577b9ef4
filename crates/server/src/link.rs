//! One HTTP/2 connection to another service, made when first used and again when broken.
//!
//! It tells apart what a caller must know: a call that was never sent, and one that may have been. A call that was never
//! sent is tried once more on a fresh connection.
use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use granary_rpc::Reason;
use h2::client::{Builder, SendRequest};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::Body;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::channel::Peer;
use crate::gather::Gather;
use crate::wire::{Sending, silence};

mod exchange;

pub use exchange::Answer;
use exchange::Exchange;

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// How often the peer must show that it is there.
const PING: Duration = Duration::from_secs(10);
/// How long it may take for that.
const PONG: Duration = Duration::from_secs(5);

/// A connection to a peer. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Link(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    peer: Peer,
    authority: OnceLock<Option<Authority>>,
    current: Mutex<Option<Connection>>,
    connecting: tokio::sync::Mutex<()>,
}

/// Where calls begin, one at a time: past the other side's limit of streams they wait here, not yet sent.
type Connection = Arc<tokio::sync::Mutex<SendRequest<Bytes>>>;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The call may have been sent.
    #[error(transparent)]
    Broken(#[from] h2::Error),
}

impl Link {
    /// A link to a peer; nothing is connected yet.
    pub fn new(peer: Peer) -> Self {
        let inner = Inner {
            peer,
            authority: OnceLock::new(),
            current: Mutex::new(None),
            connecting: tokio::sync::Mutex::new(()),
        };
        Self(Arc::new(inner))
    }

    /// The URI of a path at the peer.
    ///
    /// # Errors
    /// Where the peer's address is none.
    pub fn uri(&self, path: &'static str) -> Result<Uri, granary_rpc::Error> {
        let fault = |_| granary_rpc::Error::new(Reason::Internal, "the address of a service cannot be used");
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.0.peer.ca_file.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
        let authority =
            self.0.authority.get_or_init(|| self.0.peer.list().next().and_then(|a| a.parse().ok()));
        parts.authority.clone_from(authority);
        parts.path_and_query = Some(PathAndQuery::from_static(path));
        Uri::from_parts(parts).map_err(fault)
    }

    /// Sends a request whose URI was made by [`Link::uri`].
    ///
    /// # Errors
    /// [`Error::Connect`] where it was certainly not sent, else [`Error::Broken`].
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Answer<B>>, Error>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let mut fresh = false;
        loop {
            let connection = match self.current() {
                Some(connection) => connection,
                None => {
                    fresh = true;
                    // Boxed, so that a call on a live connection does not carry the room that connecting needs.
                    Box::pin(self.connect()).await?
                }
            };
            let mut sender = connection.lock().await;
            match poll_fn(|cx| sender.poll_ready(cx)).await {
                Ok(()) => {
                    let ended = body.is_end_stream();
                    let begun = sender.send_request(Request::from_parts(head, ()), ended);
                    let (answer, stream) = begun.map_err(|e| Error::Connect(e.to_string()))?;
                    // Past the limit, it is ready again when the call has its stream; before that, nobody else may wait
                    // for the stream. If the connection broke meanwhile, the answer says so.
                    let _ = poll_fn(|cx| sender.poll_ready(cx)).await;
                    drop(sender);
                    let request = (!ended).then(|| Sending::new(body, stream));
                    return Ok(Exchange { answer, request }.await?);
                }
                Err(_) if !fresh => self.forget(&connection),
                Err(error) => return Err(Error::Connect(error.to_string())),
            }
        }
    }

    fn current(&self) -> Option<Connection> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of a connection that takes no calls any more, unless another is in its place.
    fn forget(&self, connection: &Connection) {
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|current| Arc::ptr_eq(current, connection));
    }

    /// One connection for any number of callers that find none.
    async fn connect(&self) -> Result<Connection, Error> {
        let _turn = self.0.connecting.lock().await;
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let made = tokio::time::timeout(CONNECT, self.handshake()).await;
        let sender = made.map_err(|_| Error::Connect("it took too long".to_owned()))??;
        let connection = Arc::new(tokio::sync::Mutex::new(sender));
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
        Ok(connection)
    }

    /// A connection to the first address that takes one.
    async fn handshake(&self) -> Result<SendRequest<Bytes>, Error> {
        let mut last = Error::Connect("it has no address".to_owned());
        for address in self.0.peer.list() {
            match self.handshake_at(address).await {
                Ok(sender) => return Ok(sender),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn handshake_at(&self, address: &str) -> Result<SendRequest<Bytes>, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Connect(e.to_string());
        let stream = TcpStream::connect(address).await.map_err(|e| failed(&e))?;
        stream.set_nodelay(true).map_err(|e| failed(&e))?;
        // The files are read at each connection, so that a rotated certificate is taken.
        match self.0.peer.client_tls(address).map_err(|e| failed(&e))? {
            None => http2(stream).await,
            Some((tls, name)) => {
                let name = ServerName::try_from(name).map_err(|e| failed(&e))?;
                let stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
                http2(stream.map_err(|e| failed(&e))?).await
            }
        }
    }
}

async fn http2<I>(stream: I) -> Result<SendRequest<Bytes>, Error>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Gather::new(stream);
    let heard = stream.heard();
    let (sender, mut connection) = Builder::new()
        .enable_push(false)
        .initial_connection_window_size(1 << 20)
        .initial_window_size(1 << 18)
        .max_header_list_size(1 << 14)
        .handshake(stream)
        .await
        .map_err(|e| Error::Connect(e.to_string()))?;
    let pings = connection.ping_pong();
    // Its calls are told by themselves how it ended.
    let task = tokio::spawn(connection);
    if let Some(pings) = pings {
        tokio::spawn(async move {
            silence(pings, heard, PING, PONG).await;
            task.abort();
        });
    }
    Ok(sender)
}
