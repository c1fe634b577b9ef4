//! Accepts HTTP/2 connections within limits, with TLS where configured, and lets calls in flight finish at the end.
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, SendResponse};
use http::{Request, Response};
use http_body::Body;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::gather::Gather;
use crate::tls::ServerTls;
use crate::wire::{Incoming, Sending, silence};

/// How long a handshake may take, that of TLS and that of HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a caller must show that it is there.
const PING: Duration = Duration::from_secs(20);
/// How long it may take for that.
const PONG: Duration = Duration::from_secs(10);

/// Limits of one listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at a time; further ones are closed at once. Default 10,000.
    pub max_connections: usize,
    /// Streams at a time on one connection. Default 256.
    pub max_streams: u32,
    /// Bytes of one request's headers, by HPACK's count. Default 16,384.
    pub max_header_bytes: u32,
    /// Bytes of one message. Default 4 MiB.
    pub max_message_bytes: usize,
    /// How long calls in flight may take to finish once the service is told to end, in milliseconds. Default 10,000.
    pub drain_ms: u64,
    /// The deadline of a call that names none, in milliseconds. Default 60,000.
    pub default_deadline_ms: u64,
    /// The longest deadline that is taken, in milliseconds. Default 600,000.
    pub max_deadline_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_streams: 256,
            max_header_bytes: 16_384,
            max_message_bytes: 4 << 20,
            drain_ms: 10_000,
            default_deadline_ms: 60_000,
            max_deadline_ms: 600_000,
        }
    }
}

/// Serves one listener until `end`, then lets calls in flight finish.
///
/// # Errors
/// Where the listener cannot be used.
pub async fn serve<S, B>(
    listener: std::net::TcpListener,
    tls: Option<Arc<ServerTls>>,
    limits: Limits,
    service: S,
    end: CancellationToken,
) -> std::io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, or a peer that is gone already: neither may spin this loop.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            metrics::counter!("granary_connections_refused_total").increment(1);
            continue;
        };
        let (tls, limits, service, end) = (tls.clone(), limits.clone(), service.clone(), end.clone());
        tasks.spawn(async move {
            connection(stream, tls, &limits, service, end).await;
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(Duration::from_millis(limits.drain_ms), tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "calls were still in flight at the end");
    }
    Ok(())
}

async fn connection<S, B>(
    stream: TcpStream,
    tls: Option<Arc<ServerTls>>,
    limits: &Limits,
    service: S,
    end: CancellationToken,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Without it, Nagle and delayed acknowledgements cost 40 ms a call.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Some(tls) = tls else {
        return calls(stream, limits, service, end).await;
    };
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        metrics::counter!("granary_tls_failures_total").increment(1);
        return;
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    if !tls.accepts(certificate) {
        metrics::counter!("granary_tls_failures_total").increment(1);
        return;
    }
    calls(stream, limits, service, end).await;
}

/// The calls of one connection.
async fn calls<S, B, I>(stream: I, limits: &Limits, mut service: S, end: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut end = pin!(end.cancelled());
    let stream = Gather::new(stream);
    let heard = stream.heard();
    let handshake = Builder::new()
        .max_concurrent_streams(limits.max_streams)
        .max_header_list_size(limits.max_header_bytes)
        .max_pending_accept_reset_streams(64)
        .initial_connection_window_size(1 << 20)
        .initial_window_size(1 << 18)
        .handshake::<_, Bytes>(stream);
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE, handshake) => shaken,
        () = &mut end => return,
    };
    let Ok(Ok(mut connection)) = shaken else { return };
    let Some(pings) = connection.ping_pong() else { return };
    let mut silence = pin!(silence(pings, heard, PING, PONG));
    let mut ending = false;
    loop {
        tokio::select! {
            biased;
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    tokio::spawn(answer(service.call(request.map(Incoming::new)), respond));
                }
                // A broken connection is the peer's business; there is nobody left to tell.
                Some(Err(_)) | None => return,
            },
            () = &mut end, if !ending => {
                ending = true;
                connection.graceful_shutdown();
            }
            () = &mut silence => return,
        }
    }
}

/// Answers one call, unless the caller takes it back.
async fn answer<F, B>(call: F, mut respond: SendResponse<Bytes>)
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut call = pin!(call);
    let answered = poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(answered) => Poll::Ready(Some(answered)),
        Poll::Pending => respond.poll_reset(cx).map(|_| None),
    });
    let Some(Ok(response)) = answered.await else { return };
    let (head, body) = response.into_parts();
    let ended = body.is_end_stream();
    match respond.send_response(Response::from_parts(head, ()), ended) {
        Ok(_) if ended => {}
        Ok(stream) => Sending::new(body, stream).await,
        Err(_) => respond.send_reset(Reason::INTERNAL_ERROR),
    }
}
