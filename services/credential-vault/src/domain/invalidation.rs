//! Announces committed changes to whoever caches principals or tickets.
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_proto::granary::internal::v1::{
    AccountChanged, Heartbeat, KeyChanged, WatchInvalidationsResponse,
};
use granary_rpc::{Error, Reason};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Announcements that one subscriber may be behind; further behind its stream ends.
const BEHIND: usize = 1_024;
/// Streams at a time.
const WATCHERS: usize = 256;
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);

/// Where changes are announced.
#[derive(Clone, Debug)]
pub(crate) struct Announcements {
    sender: broadcast::Sender<Event>,
    watchers: Arc<Semaphore>,
    closing: CancellationToken,
}

impl Announcements {
    /// Streams end when `closing` is cancelled.
    pub(crate) fn new(closing: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(BEHIND);
        Self { sender, watchers: Arc::new(Semaphore::new(WATCHERS)), closing }
    }

    /// An account, or one of its credentials, changed.
    pub(crate) fn account(&self, tenant: &str, identifier: &str) {
        let changed = AccountChanged { tenant: tenant.to_owned(), identifier: identifier.to_owned() };
        // An error here: nobody listens.
        let _ = self.sender.send(Event::AccountChanged(changed));
    }

    /// An API key changed.
    pub(crate) fn key(&self, key_id: &str) {
        let _ = self.sender.send(Event::KeyChanged(KeyChanged { key_id: key_id.to_owned() }));
    }

    /// The stream of one subscriber: a heartbeat at once, then whatever happens. Everything announced after this call
    /// returns is in it.
    pub(crate) fn watch(
        &self,
    ) -> Result<impl Stream<Item = Result<WatchInvalidationsResponse, Status>> + Send + 'static, Error> {
        let permit = Arc::clone(&self.watchers)
            .try_acquire_owned()
            .map_err(|_| Error::new(Reason::Overloaded, "too many streams of invalidations are open"))?;
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watcher = Watcher {
            events: self.sender.subscribe(),
            heartbeat,
            closing: self.closing.clone(),
            sequence: 0,
            _permit: permit,
        };
        Ok(unfold(Some(watcher), |watcher| async { watcher?.next().await }))
    }
}

struct Watcher {
    events: broadcast::Receiver<Event>,
    heartbeat: Interval,
    closing: CancellationToken,
    sequence: u64,
    _permit: OwnedSemaphorePermit,
}

impl Watcher {
    async fn next(mut self) -> Option<(Result<WatchInvalidationsResponse, Status>, Option<Self>)> {
        let event = tokio::select! {
            biased;
            () = self.closing.cancelled() => return None,
            () = ready(()), if self.sequence == 0 => Event::Heartbeat(Heartbeat {}),
            // Before announcements, so that a stream which is kept busy stays a stream that shows it is alive.
            _ = self.heartbeat.tick() => Event::Heartbeat(Heartbeat {}),
            received = self.events.recv() => match received {
                Ok(event) => event,
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    let error = Error::new(Reason::Overloaded, "the subscriber is too far behind; connect again");
                    return Some((Err(error.into_status()), None));
                }
            },
        };
        let response = WatchInvalidationsResponse { sequence: self.sequence, event: Some(event) };
        self.sequence += 1;
        Some((Ok(response), Some(self)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_stream_starts_with_a_heartbeat_and_counts_from_zero() {
        let announcements = Announcements::new(CancellationToken::new());
        let mut stream = Box::pin(announcements.watch().unwrap());
        announcements.account("acme", "u1");
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!((first.sequence, first.event), (0, Some(Event::Heartbeat(Heartbeat {}))));
        let second = stream.next().await.unwrap().unwrap();
        assert_eq!(second.sequence, 1);
        assert!(matches!(second.event, Some(Event::AccountChanged(changed)) if changed.identifier == "u1"));
    }

    #[tokio::test]
    async fn a_subscriber_that_lags_is_cut_off_and_closing_ends_the_others() {
        let closing = CancellationToken::new();
        let announcements = Announcements::new(closing.clone());
        let mut slow = Box::pin(announcements.watch().unwrap());
        for _ in 0..=BEHIND {
            announcements.key("k");
        }
        assert!(slow.next().await.unwrap().is_ok());
        assert!(slow.next().await.unwrap().is_err());
        assert!(slow.next().await.is_none());
        let mut other = Box::pin(announcements.watch().unwrap());
        assert!(other.next().await.unwrap().is_ok());
        closing.cancel();
        assert!(other.next().await.is_none());
    }
}
