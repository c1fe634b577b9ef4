//! Streams that need no key: how many may be open at a time, in a process and on one connection.
use std::sync::Arc;
use std::time::Duration;

use granary_rpc::{Error, Reason};
use http::Extensions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most `Health/Watch` streams that one health service holds open beside the first of each connection. That one is bounded as
/// connections are, and nobody can take it from another: a client that watches health loses its calls when it may not. So it
/// is with reflection.
pub(crate) const MAX_WATCHES: usize = 1_000;
/// Most `Health/Watch` streams on one connection.
pub(crate) const MAX_WATCHES_OF_CONNECTION: usize = 32;
/// Most reflection streams that one listener's reflection holds open. Each may hold an answer of the size of a proto.
pub(crate) const MAX_REFLECTIONS: usize = 128;
/// Most reflection streams on one connection.
pub(crate) const MAX_REFLECTIONS_OF_CONNECTION: usize = 8;
/// When a caller may try again who found every place taken.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// What one connection may hold open. A listener makes one for each connection and puts it into the extensions of each
/// request on it; where there is none, only the bound of the process holds.
#[derive(Clone, Debug)]
pub struct Connection {
    watches: Places,
    reflections: Places,
}

/// What one connection may hold open of one kind: the first, which takes no place of others, and all together.
#[derive(Clone, Debug)]
struct Places {
    first: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Watch,
    Reflection,
}

/// The places of one kind of stream.
#[derive(Clone, Debug)]
pub(crate) struct OpenStreams {
    purpose: Purpose,
    places: Arc<Semaphore>,
}

/// A place that a stream holds while it lives.
#[derive(Debug)]
pub(crate) struct StreamPermit {
    _shared: OwnedSemaphorePermit,
    _connection: Option<OwnedSemaphorePermit>,
}

impl Default for Connection {
    fn default() -> Self {
        let places =
            |most| Places { first: Arc::new(Semaphore::new(1)), all: Arc::new(Semaphore::new(most)) };
        Self {
            watches: places(MAX_WATCHES_OF_CONNECTION),
            reflections: places(MAX_REFLECTIONS_OF_CONNECTION),
        }
    }
}

impl OpenStreams {
    pub(crate) fn new(purpose: Purpose) -> Self {
        let places = match purpose {
            Purpose::Watch => MAX_WATCHES,
            Purpose::Reflection => MAX_REFLECTIONS,
        };
        Self { purpose, places: Arc::new(Semaphore::new(places)) }
    }

    /// Takes a place for a request with these extensions.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` where its connection holds too many, `OVERLOADED` where all callers together do.
    pub(crate) fn take(&self, extensions: &Extensions) -> Result<StreamPermit, Error> {
        let places = extensions.get::<Connection>().map(|connection| match self.purpose {
            Purpose::Watch => &connection.watches,
            Purpose::Reflection => &connection.reflections,
        });
        let subject = match self.purpose {
            Purpose::Watch => "health_watches",
            Purpose::Reflection => "reflection_streams",
        };
        let own = places.map(|own| Arc::clone(&own.all).try_acquire_owned()).transpose().map_err(|_| {
            Error::new(Reason::LimitExceeded, "this connection holds too many of these streams open")
                .with("subject", subject)
        })?;
        let first = places.and_then(|own| Arc::clone(&own.first).try_acquire_owned().ok());
        let shared =
            first.map_or_else(|| Arc::clone(&self.places).try_acquire_owned(), Ok).map_err(|_| {
                Error::new(Reason::Overloaded, "too many of these streams are open; nothing was done")
                    .with("subject", subject)
                    .retry_after(RETRY_DELAY)
            })?;
        Ok(StreamPermit { _shared: shared, _connection: own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(connection: &Connection) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(connection.clone());
        extensions
    }

    #[test]
    fn one_connection_cannot_take_every_place_and_all_together_no_more_than_there_are() {
        let streams = OpenStreams::new(Purpose::Watch);
        let hostile = on(&Connection::default());
        let held: Vec<StreamPermit> =
            (0..MAX_WATCHES_OF_CONNECTION).map(|_| streams.take(&hostile).unwrap()).collect();
        assert_eq!(streams.take(&hostile).unwrap_err().reason(), Reason::LimitExceeded);
        assert!(streams.take(&on(&Connection::default())).is_ok(), "another connection has its own share");

        // The first of the hostile connection takes none of the places of all.
        let rest: Vec<StreamPermit> =
            (held.len() - 1..MAX_WATCHES).map(|_| streams.take(&Extensions::new()).unwrap()).collect();
        let other = on(&Connection::default());
        let first = streams.take(&other).expect("the first of a connection is its own");
        let refused = streams.take(&other).unwrap_err();
        assert_eq!((refused.reason(), refused.retry_delay()), (Reason::Overloaded, Some(RETRY_DELAY)));
        drop(first);
        drop(streams.take(&other).expect("and comes back to it"));
        drop((held, rest));
        assert!(streams.take(&hostile).is_ok(), "a stream that ends gives its places back");
    }

    #[test]
    fn strangers_that_hold_every_place_leave_each_connection_one_of_its_own() {
        for (purpose, most) in [(Purpose::Watch, MAX_WATCHES), (Purpose::Reflection, MAX_REFLECTIONS)] {
            let streams = OpenStreams::new(purpose);
            let _held: Vec<StreamPermit> =
                (0..most).map(|_| streams.take(&Extensions::new()).unwrap()).collect();
            let other = on(&Connection::default());
            let _first = streams.take(&other).expect("the first of a connection is its own");
            assert_eq!(streams.take(&other).map(drop).unwrap_err().reason(), Reason::Overloaded);
        }
    }
}
