//! Accepts HTTP/2 connections within limits, with TLS where configured, and lets calls in flight finish at the end.
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::body::Incoming;
use super::listening::{HANDSHAKE_TIMEOUT, Listening};
use super::send_body::Outgoing;
use super::{connection, first_bytes, pace, places};
use crate::throttle::Throttle;

static TURNED_AWAY: Throttle = Throttle::new();

/// Serves one listener until its end, then lets calls in flight finish.
///
/// # Errors
/// Where the listener cannot be used.
pub async fn serve<S, B>(
    listener: std::net::TcpListener,
    listening: Listening,
    service: S,
) -> std::io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let tasks = TaskTracker::new();
    let places = places::listener(listener.local_addr()?, listening.is_public);
    loop {
        let accepted = tokio::select! {
            () = listening.end.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a peer that is gone already: neither may spin this loop.
                if let Some(count) = TURNED_AWAY.take() {
                    tracing::warn!(%error, count, "cannot accept a connection");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let place = match places::take(&places, address.ip(), &listening.limits) {
            Ok(place) => place,
            Err(limit) => {
                metrics::counter!("granary_connections_refused_total", "limit" => limit).increment(1);
                if let Some(count) = TURNED_AWAY.take() {
                    tracing::warn!(%address, limit, count, "a connection was refused");
                }
                continue;
            }
        };
        let (listening, service) = (listening.clone(), service.clone());
        tasks.spawn(async move {
            accept(stream, address, &listening, service).await;
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    let drain = Duration::from_millis(listening.limits.drain_ms);
    if tokio::time::timeout(drain, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "calls were still in flight at the end");
    }
    Ok(())
}

async fn accept<S, B>(stream: TcpStream, address: SocketAddr, listening: &Listening, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Without it, Nagle and delayed acknowledgements cost 40 ms a call.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let fit = tokio::select! {
        fit = tokio::time::timeout(HANDSHAKE_TIMEOUT, first_bytes::fit(&stream, listening.tls.is_some())) => fit,
        () = listening.end.cancelled() => return,
    };
    match fit {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return first_bytes::turn_away(stream, listening.tls.is_some()).await,
        Ok(Err(_)) | Err(_) => return,
    }
    let Some(tls) = &listening.tls else {
        return connection::calls(stream, address, listening, service).await;
    };
    if listening.is_public && !pace::turn(address.ip(), &listening.limits).await {
        metrics::counter!("granary_connections_refused_total", "limit" => "handshakes").increment(1);
        return;
    }
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.current());
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await else {
        metrics::counter!("granary_tls_failures_total").increment(1);
        return;
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    if !tls.accepts(certificate) {
        metrics::counter!("granary_tls_failures_total").increment(1);
        return;
    }
    connection::calls(stream, address, listening, service).await;
}
