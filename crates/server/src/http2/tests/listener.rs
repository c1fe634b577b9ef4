//! What a public listener does with callers that are hostile, in haste, or speak something else.
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;

async fn said_to(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn a_caller_that_speaks_something_else_is_told_what_the_port_speaks() {
    let (address, _end, _served) = served_to(true, 0, Limits::default(), echo);
    let client_hello = [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3];
    for first in [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".as_slice(), &client_hello] {
        let answer = said_to(address, first).await;
        assert!(answer.starts_with("HTTP/1.1 505 ") && answer.contains("gRPC over HTTP/2"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_without_calls_is_closed_and_an_old_one_takes_no_more() {
    for (limits, least) in [
        (Limits { idle_timeout_ms: 200, ..Limits::default() }, 190),
        (Limits { max_connection_age_ms: 200, ..Limits::default() }, 170),
    ] {
        let (address, _end, _served) = served_to(true, 0, limits, echo);
        let stream = TcpStream::connect(address).await.unwrap();
        let start = std::time::Instant::now();
        let (_sender, connection) = h2::client::handshake(stream).await.unwrap();
        timeout(Duration::from_secs(5), connection).await.unwrap().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(least), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_caller_that_owes_a_pong_delays_no_end() {
    let (address, end, served) = served_to(true, 0, Limits::default(), echo);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    end.cancel();
    timeout(Duration::from_secs(2), served).await.unwrap().unwrap().unwrap();
}
