//! Prometheus metrics of the process, and the small HTTP listener that shows them.
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// Seconds; from half a millisecond, a call on loopback, to a minute, the longest ordinary call.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts collecting for the process. A second start changes nothing.
pub fn start() {
    HANDLE.get_or_init(|| PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?.install_recorder().ok());
}

/// Drains what was collected every few seconds until `end`; without it, samples pile up where nobody scrapes.
pub async fn upkeep(end: CancellationToken) {
    while let Some(handle) = HANDLE.get().and_then(Option::as_ref) {
        handle.run_upkeep();
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
    }
}

/// All metrics in Prometheus' text form.
pub fn render() -> String {
    HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default()
}

/// Answers every request with the metrics, until `end`.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn serve(address: SocketAddr, end: CancellationToken) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(async move {
                // A scraper that hangs loses its answer; nothing else waits for it.
                let _ = tokio::time::timeout(Duration::from_secs(5), answer(stream)).await;
            });
        }
    }
}

async fn answer(mut stream: tokio::net::TcpStream) -> std::io::Result<()> {
    let mut request = [0u8; 4_096];
    let read = stream.read(&mut request).await?;
    let found = request[..read].starts_with(b"GET /metrics");
    let (status, body) =
        if found { ("200 OK", render()) } else { ("404 Not Found", "see /metrics\n".to_owned()) };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
