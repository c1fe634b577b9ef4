//! One HTTP/2 connection to another service, made when first used and again when broken.
//!
//! It tells apart what a caller must know: a call that was never sent, and one that may have been. A call that was never
//! sent is tried once more on a fresh connection.
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use granary_rpc::Reason;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::channel::Peer;

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection to a peer. Cheap to clone; clones share it.
#[derive(Debug)]
pub struct Link<B>(Arc<Inner<B>>);

#[derive(Debug)]
struct Inner<B> {
    peer: Peer,
    authority: OnceLock<Option<Authority>>,
    current: Mutex<Option<SendRequest<B>>>,
    connecting: tokio::sync::Mutex<()>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The call may have been sent.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

impl<B> Clone for Link<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> Link<B>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
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
    pub async fn send(&self, mut request: Request<B>) -> Result<Response<Incoming>, Error> {
        let mut fresh = false;
        loop {
            let mut sender = match self.current() {
                Some(sender) => sender,
                None => {
                    fresh = true;
                    // Boxed, so that a call on a live connection does not carry the room that connecting needs.
                    Box::pin(self.connect()).await?
                }
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut error) => match error.take_message() {
                    // It comes back only where no byte of it was sent.
                    Some(unsent) if !fresh => {
                        self.forget();
                        request = unsent;
                    }
                    Some(_) => return Err(Error::Connect(error.into_error().to_string())),
                    None => return Err(Error::Broken(error.into_error())),
                },
            }
        }
    }

    fn current(&self) -> Option<SendRequest<B>> {
        let current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|sender| !sender.is_closed()).cloned()
    }

    fn forget(&self) {
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// One connection for any number of callers that find none.
    async fn connect(&self) -> Result<SendRequest<B>, Error> {
        let _turn = self.0.connecting.lock().await;
        if let Some(sender) = self.current() {
            return Ok(sender);
        }
        let made = tokio::time::timeout(CONNECT, self.handshake()).await;
        let sender = made.map_err(|_| Error::Connect("it took too long".to_owned()))??;
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender.clone());
        Ok(sender)
    }

    /// A connection to the first address that takes one.
    async fn handshake(&self) -> Result<SendRequest<B>, Error> {
        let mut last = Error::Connect("it has no address".to_owned());
        for address in self.0.peer.list() {
            match self.handshake_at(address).await {
                Ok(sender) => return Ok(sender),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn handshake_at(&self, address: &str) -> Result<SendRequest<B>, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Connect(e.to_string());
        let stream = TcpStream::connect(address).await.map_err(|e| failed(&e))?;
        stream.set_nodelay(true).map_err(|e| failed(&e))?;
        // The files are read at each connection, so that a rotated certificate is taken.
        match self.0.peer.client_tls(address).map_err(|e| failed(&e))? {
            None => http2(TokioIo::new(stream)).await,
            Some((tls, name)) => {
                let name = ServerName::try_from(name).map_err(|e| failed(&e))?;
                let stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
                http2(TokioIo::new(stream.map_err(|e| failed(&e))?)).await
            }
        }
    }
}

async fn http2<B, I>(io: I) -> Result<SendRequest<B>, Error>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_connection_window_size(1 << 20)
        .initial_stream_window_size(1 << 18)
        .keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .handshake(io)
        .await
        .map_err(|e| Error::Connect(e.to_string()))?;
    tokio::spawn(async move {
        // Its calls are told by themselves.
        let _ = connection.await;
    });
    Ok(sender)
}
