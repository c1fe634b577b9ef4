//! Tells when the other side of a connection is not there any more, or takes nothing.
use std::future::poll_fn;
use std::time::Duration;

use h2::{Ping, PingPong};

use super::coalesce::Signs;

/// How long a connection may have bytes to write of which the other side takes none. What a stream sends is within the window
/// that the other side gave, so that an honest one always takes it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a connection counts as dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It said nothing though it was asked.
    Silent,
    /// It takes nothing.
    Stuck,
}

impl Why {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Silent => "no_pong",
            Self::Stuck => "unread",
        }
    }
}

/// Returns when the other side has said nothing for `interval`, and then nothing for `patience` though it was asked. A pong
/// may stand behind data that takes long to arrive; whatever is heard counts.
pub(super) async fn silence(
    mut pings: PingPong,
    signs: Signs,
    interval: Duration,
    patience: Duration,
) -> Why {
    loop {
        tokio::time::sleep(interval).await;
        if signs.stuck_for() > WRITE_TIMEOUT {
            return Why::Stuck;
        }
        if signs.take_heard() {
            continue;
        }
        if pings.send_ping(Ping::opaque()).is_err() {
            return Why::Silent;
        }
        loop {
            match tokio::time::timeout(patience, poll_fn(|cx| pings.poll_pong(cx))).await {
                Ok(Ok(_)) => break,
                Err(_) if signs.stuck_for() > WRITE_TIMEOUT => return Why::Stuck,
                Err(_) if signs.take_heard() => {}
                Ok(Err(_)) | Err(_) => return Why::Silent,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::http2::coalesce::Coalesce;

    const INTERVAL: Duration = Duration::from_millis(50);

    /// Two ends of a connection: what watches the server's, and what drives the client's.
    async fn watched() -> (impl Future<Output = Why>, impl Future<Output = ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = async {
            let stream = TcpStream::connect(address).await.unwrap();
            h2::client::handshake(stream).await.unwrap()
        };
        let server = async {
            let stream = Coalesce::new(listener.accept().await.unwrap().0);
            let signs = stream.signs();
            (h2::server::handshake(stream).await.unwrap(), signs)
        };
        let ((sender, client), (mut server, signs)) = tokio::join!(client, server);
        let pings = server.ping_pong().unwrap();
        let watch = async move {
            tokio::select! {
                why = silence(pings, signs, INTERVAL, INTERVAL) => why,
                _ = server.accept() => panic!("it ended by itself"),
            }
        };
        let driven = async move {
            let _sender = sender;
            client.await.unwrap();
        };
        (watch, driven)
    }

    #[tokio::test]
    async fn a_peer_that_owes_a_pong_is_silent_and_one_that_answers_is_not() {
        let (watch, driven) = watched().await;
        tokio::select! {
            why = watch => panic!("{why:?} though it answers"),
            () = driven => panic!("it ended"),
            () = sleep(INTERVAL * 10) => {}
        }
        let (watch, _driven) = watched().await;
        assert_eq!(timeout(INTERVAL * 20, watch).await.unwrap(), Why::Silent);
    }
}
