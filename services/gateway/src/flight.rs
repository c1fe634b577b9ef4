//! Single flight: one question for any number of callers who need its answer.
//!
//! A question goes on whoever gives up, and has a timeout of its own: no caller's deadline or cancellation answers another.
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use granary_rpc::{Deadline, Error, Reason};
use tonic::Status;

/// Questions under way at a time.
const MAX_FLIGHTS: usize = 10_000;

/// Questions under way, by what they are about.
#[derive(Debug)]
pub(crate) struct Flights<K, V: Clone>(Arc<Mutex<HashMap<K, Flight<V>>>>);

type Flight<V> = Shared<BoxFuture<'static, Result<V, Status>>>;

/// An answer, and whether it is to this caller's own question.
pub(crate) struct Landed<V> {
    pub(crate) answer: Result<V, Status>,
    pub(crate) is_own: bool,
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Joins the question about `key`, or asks it. Waits no longer than `deadline`.
    pub(crate) async fn join<F>(&self, key: K, deadline: Deadline, ask: impl FnOnce() -> F) -> Landed<V>
    where
        F: Future<Output = Result<V, Status>> + Send + 'static,
    {
        let (flight, is_own) = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(&key) {
                Some(flight) => (flight.clone(), false),
                None if flights.len() >= MAX_FLIGHTS => {
                    let full =
                        Error::new(Reason::Overloaded, "too many callers are being admitted; try again");
                    let full =
                        full.with("limit", "flights").retry_after(std::time::Duration::from_millis(200));
                    return Landed { answer: Err(full.into()), is_own: true };
                }
                None => {
                    let flight = self.start(key.clone(), ask());
                    flights.insert(key, flight.clone());
                    (flight, true)
                }
            }
        };
        let answer = match tokio::time::timeout_at(deadline.instant(), flight).await {
            Ok(answer) => answer,
            Err(_) => Err(Deadline::error().into()),
        };
        Landed { answer, is_own }
    }

    fn start<F>(&self, key: K, asked: F) -> Flight<V>
    where
        F: Future<Output = Result<V, Status>> + Send + 'static,
    {
        let landed = Landing { flights: self.0.clone(), key: Some(key) };
        let task = tokio::spawn(async move {
            let answer = asked.await;
            drop(landed);
            answer
        });
        let failed = |_| Error::new(Reason::Internal, "a question to credential-vault broke off").into();
        task.map(move |joined| joined.unwrap_or_else(|e| Err(failed(e)))).boxed().shared()
    }
}

/// Takes a question off the list, however it ended.
struct Landing<K: Eq + Hash, V: Clone> {
    flights: Arc<Mutex<HashMap<K, Flight<V>>>>,
    key: Option<K>,
}

impl<K: Eq + Hash, V: Clone> Drop for Landing<K, V> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_caller_without_time_answers_nobody_else() {
        let flights: Flights<u8, u8> = Flights::new();
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let asked = asked.clone();
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(60)).await;
                Ok(7)
            }
        };
        let hasty = flights.join(1, Deadline::after(Duration::from_millis(5)), ask);
        let (hasty, patient) = tokio::join!(hasty, async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            flights.join(1, Deadline::after(Duration::from_secs(5)), ask).await
        });
        assert!(hasty.answer.is_err() && hasty.is_own);
        assert_eq!(patient.answer.unwrap(), 7);
        assert!(!patient.is_own);
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the question went on");
        assert!(flights.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_caller_that_is_dropped_ends_no_question() {
        let flights: Flights<u8, u8> = Flights::new();
        let ask = || async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            Ok(7)
        };
        let soon = Deadline::after(Duration::from_secs(5));
        let dropped = tokio::time::timeout(Duration::from_millis(5), flights.join(1, soon, ask)).await;
        assert!(dropped.is_err());
        assert_eq!(flights.join(1, soon, ask).await.answer.unwrap(), 7);
    }
}
