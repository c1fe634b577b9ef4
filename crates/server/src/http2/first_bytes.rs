//! Looks at what a caller sends first: one that speaks something else gets a line that says so, and a clean end.
use std::io::ErrorKind;
use std::time::Duration;

use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
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

/// What the first bytes say.
enum First {
    Fits,
    Other,
    /// Less than three bytes that fit so far: the rest is on its way.
    Unsaid,
}

impl First {
    fn of(seen: &[u8], tls: bool) -> Self {
        match (seen, tls) {
            ([], _) => Self::Other,
            ([byte, ..], true) if *byte == TLS_HANDSHAKE => Self::Fits,
            (_, true) => Self::Other,
            (seen, false) if !PREFACE.starts_with(seen) => Self::Other,
            (seen, false) if seen.len() < PREFACE.len() => Self::Unsaid,
            (_, false) => Self::Fits,
        }
    }
}

/// Whether a caller begins as the listener expects. Nothing is taken off the stream.
pub(super) async fn fit(stream: &TcpStream, tls: bool) -> std::io::Result<bool> {
    let mut seen = [0; PREFACE.len()];
    loop {
        let ready = stream.ready(Interest::READABLE).await?;
        let first = stream.try_io(Interest::READABLE, || {
            let (read, _) = rustix::net::recv(stream, &mut seen, RecvFlags::PEEK)?;
            match First::of(&seen[..read], tls) {
                // What was seen stays in the socket. So it is said that nothing more is there, and more, or the end, wakes this.
                First::Unsaid => Err(ErrorKind::WouldBlock.into()),
                first => Ok(first),
            }
        });
        match first {
            Ok(first) => return Ok(matches!(first, First::Fits)),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(_) if ready.is_read_closed() => return Ok(false),
            Err(_) => {}
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
