//! What an address speaks, where a call got no readable answer: a wrong port, TLS on a plain one, plain text on one with TLS. Errors of
//! the layers below name frames and content types, which help nobody who mistyped an address.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Status;

use super::address::Address;

/// How long it may take to find out.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);
/// How HTTP/2 begins: its preface, and settings that are all left at their defaults.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// What the client says of answers over HTTP/2 that are no gRPC.
const NO_GRPC: [&str; 2] = ["invalid compression flag", "grpc-status header missing"];

/// What listens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Http2,
    Http1,
    Tls,
    Other,
}

/// What is wrong with the address, if that is why; a call that was refused in words of ours is none of this.
pub(super) async fn wrong(address: &Address, status: &Status) -> Option<String> {
    let uri = address.uri();
    if NO_GRPC.iter().any(|said| status.message().contains(said)) {
        return Some(format!("{uri} is not gRPC, though HTTP/2; the port may be that of something else"));
    }
    let spoken = tokio::time::timeout(LOOK_TIMEOUT, look(address)).await.ok()??;
    match (spoken, address.is_tls()) {
        (Spoken::Tls, false) => Some(format!("{uri} speaks TLS: write https://{}", address.authority())),
        (Spoken::Http2, true) => {
            Some(format!("{uri} speaks plain text: write http://{}", address.authority()))
        }
        (Spoken::Http1, _) => {
            Some(format!("{uri} is not gRPC but HTTP/1.1; the port may be that of something else"))
        }
        (Spoken::Other, _) => Some(format!("{uri} is not gRPC; the port may be that of something else")),
        (Spoken::Http2, false) | (Spoken::Tls, true) => None,
    }
}

/// Greets in plain text and reads what comes; `None` where nobody is there or nothing is said.
async fn look(address: &Address) -> Option<Spoken> {
    let mut stream = TcpStream::connect((address.host(), address.port())).await.ok()?;
    stream.write_all(HELLO).await.ok()?;
    let mut said = Vec::new();
    let mut part = [0; 512];
    while said.len() < 512 {
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => said.extend_from_slice(part.get(..read)?),
            // A reset may follow what was said.
            _ => break,
        }
        // Frames and records are known by their first bytes; a text is read as far as it goes.
        if said.len() >= 9 && !said.starts_with(b"HTTP/1") {
            break;
        }
    }
    spoken(&said)
}

fn spoken(said: &[u8]) -> Option<Spoken> {
    let text = String::from_utf8_lossy(said);
    match said {
        [] => None,
        // An alert of TLS.
        [0x15, 3, ..] => Some(Spoken::Tls),
        // A frame of settings, with which every side of HTTP/2 begins.
        [_, _, _, 4, ..] => Some(Spoken::Http2),
        // What a port with TLS says to plain text, here and at other servers.
        _ if text.starts_with("HTTP/1") && (text.contains("with TLS") || text.contains("HTTPS port")) => {
            Some(Spoken::Tls)
        }
        _ if text.starts_with("HTTP/1") => Some(Spoken::Http1),
        _ => Some(Spoken::Other),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A listener that says this to whoever comes.
    async fn saying(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.write_all(bytes).await;
            }
        });
        address
    }

    async fn told(scheme: &str, bytes: &'static [u8]) -> Option<String> {
        let address = Address::parse(&format!("{scheme}://{}", saying(bytes).await)).unwrap();
        wrong(&address, &Status::unknown("transport error")).await
    }

    #[tokio::test]
    async fn what_listens_there_is_told_apart() {
        let settings = b"\0\0\0\x04\0\0\0\0\0";
        assert!(
            told("https", settings).await.unwrap().contains("speaks plain text: write http://127.0.0.1:")
        );
        assert_eq!(told("http", settings).await, None);
        let alert = b"\x15\x03\x03\0\x02\x02\x46..";
        assert!(told("http", alert).await.unwrap().contains("speaks TLS: write https://127.0.0.1:"));
        assert_eq!(told("https", alert).await, None);
        let ours = b"HTTP/1.1 400 Bad Request\r\n\r\nThis port speaks gRPC over HTTP/2 with TLS.\n";
        assert!(told("http", ours).await.unwrap().contains("speaks TLS"));
        assert!(told("http", b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap().contains("HTTP/1.1"));
        assert!(told("https", b"SSH-2.0-OpenSSH_9\r\n").await.unwrap().contains("is not gRPC"));
    }

    #[tokio::test]
    async fn nobody_there_is_told_by_others() {
        let address = Address::parse("127.0.0.1:1").unwrap();
        assert_eq!(wrong(&address, &Status::unavailable("refused")).await, None);
        let said = Status::internal("protocol error: received message with invalid compression flag: 123");
        assert!(wrong(&address, &said).await.unwrap().contains("is not gRPC"));
    }
}
