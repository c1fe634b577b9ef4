//! A bound port, and how to speak on it.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Tls;
use crate::error::Error;

/// A socket that accepts connections, with TLS or without.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
}

/// Connections that one port serves at once; further ones wait in the kernel.
const MAX_CONNECTIONS: usize = 4096;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// For a request head to arrive whole.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// For calls in flight to end when the sandbox stops.
const GRACE_TIMEOUT: Duration = Duration::from_secs(2);

impl Listener {
    pub(crate) async fn bind(host: IpAddr, port: u16, tls: Option<TlsAcceptor>) -> Result<Self, Error> {
        let socket = if port == 0 { any(host).await? } else { fixed(host, port).await? };
        let address = socket.local_addr().unwrap_or(SocketAddr::new(host, port));
        Ok(Self { socket, tls, address })
    }

    /// The base URL, without a slash at its end. Where every address is listened on, it names the loopback one.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("{scheme}://{address}")
    }

    /// Serves until `stop`; each call gets the token that ends its connection.
    pub(crate) async fn serve<S, F, B>(self, service: S, stop: CancellationToken)
    where
        S: Fn(Request<Incoming>, CancellationToken) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let connections = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let Ok((stream, _)) = accepted else {
                // Out of file descriptors, most likely: give connections time to close.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (service, stop, tls) = (service.clone(), stop.clone(), self.tls.clone());
            connections.spawn(async move {
                connection(stream, tls, service, stop).await;
                drop(permit);
            });
        }
        connections.close();
        // What has not ended by then is cut off when the runtime drops it.
        let _ = timeout(GRACE_TIMEOUT, connections.wait()).await;
    }
}

/// Checks a certificate and its key, and offers both HTTP versions.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Tls(error.to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&tls.cert_pem).collect();
    let chain = chain.map_err(|error| wrong(&error))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key_pem).map_err(|error| wrong(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(&error))?.with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).map_err(|error| wrong(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn connection<S, F, B>(stream: TcpStream, tls: Option<TlsAcceptor>, service: S, stop: CancellationToken)
where
    S: Fn(Request<Incoming>, CancellationToken) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, service, stop).await,
        Some(tls) => match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, service, stop).await,
            _ => tracing::debug!("a client did not finish its handshake"),
        },
    }
}

async fn speak<I, S, F, B>(stream: I, service: S, stop: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>, CancellationToken) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let hang_up = CancellationToken::new();
    let ending = hang_up.clone();
    let service = service_fn(move |request| {
        let answer = service(request, hang_up.clone());
        async move { Ok::<_, io::Error>(answer.await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending.cancelled() => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(GRACE_TIMEOUT, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn fixed(host: IpAddr, port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })
}

/// Tries random ports below the range that outgoing connections are given, so that none is lost between two starts.
async fn any(host: IpAddr) -> Result<TcpListener, Error> {
    const RANGE: u64 = 12_000;
    for attempt in 0..200_u32 {
        let drawn = RandomState::new().hash_one(attempt) % RANGE;
        let port = 20_000 + u16::try_from(drawn).unwrap_or(0);
        match fixed(host, port).await {
            Err(Error::Bind { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {}
            other => return other,
        }
    }
    Err(Error::NoFreePort)
}
