//! One connection: requests and answers where it is HTTP/1.1 in the clear, bytes where it is not.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Shared, exchange};

/// How long the server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves a connection until it ends.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Whichever way a connection ends, the caller sees it; there is nobody else to tell.
    let _ = stream.set_nodelay(true);
    if speaks_http1(&stream).await.unwrap_or(false) {
        let service = service_fn(|request| exchange::exchange(request, &shared));
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    } else {
        let _ = pass(stream, &shared).await;
    }
}

/// Connects to the server.
pub(super) async fn connect(shared: &Shared) -> io::Result<TcpStream> {
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(&shared.target)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether it begins with an HTTP/1.1 method: neither a TLS handshake nor HTTP/2's preface, which begins with `PRI`.
async fn speaks_http1(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; 4];
    loop {
        let size = stream.peek(&mut first).await?;
        if size == 0 || !first[0].is_ascii_uppercase() {
            return Ok(false);
        }
        if size == first.len() {
            return Ok(&first != b"PRI ");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn pass(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    shared.passable().await;
    let mut server = connect(shared).await?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::try_join!(copy(from_client, to_server, shared), copy(from_server, to_client, shared))?;
    Ok(())
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    shared: &Shared,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 << 10];
    loop {
        let size = from.read(&mut bytes).await?;
        shared.passable().await;
        if size == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..size]).await?;
    }
}
