//! Looks at what a caller sends first: one that speaks something else gets a line that says so, and a clean end.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long whoever was told may take to read it and leave.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);
/// Every HTTP/2 connection begins with these, and no request of HTTP/1.1 does.
const PREFACE: &[u8] = b"PRI";
/// The first byte of TLS: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

const PLAIN: &str = "HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    This port speaks gRPC over HTTP/2 in plain text, without TLS.\n";
const SECURE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    This port speaks gRPC over HTTP/2 with TLS.\n";

/// Whether a caller begins as the listener expects. Nothing is taken off the stream.
pub(super) async fn fit(stream: &TcpStream, tls: bool) -> std::io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let read = stream.peek(&mut first).await?;
        let seen = &first[..read];
        match (seen, tls) {
            ([], _) => return Ok(false),
            ([byte, ..], true) => return Ok(*byte == TLS_HANDSHAKE),
            (seen, false) if !PREFACE.starts_with(seen) => return Ok(false),
            (seen, false) if seen.len() == PREFACE.len() => return Ok(true),
            // Less than three bytes of it: the rest is on its way, and peeking does not wait for it.
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Says what the port speaks, and ends without a reset: what the caller has sent is read first.
pub(super) async fn turn_away(mut stream: TcpStream, tls: bool) {
    let told = async {
        stream.write_all(if tls { SECURE } else { PLAIN }.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 4_096];
        let mut left = 64 * 1024;
        while left > 0 {
            match stream.read(&mut rest).await? {
                0 => break,
                read => left -= read.min(left),
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // Whoever does not leave is left.
    let _ = tokio::time::timeout(LEAVE_TIMEOUT, told).await;
}
