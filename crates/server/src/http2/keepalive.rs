//! Tells when the other side of a connection is not there any more, or takes nothing.
use std::future::poll_fn;
use std::time::Duration;

use h2::{Ping, PingPong};

use super::gather::Signs;

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
