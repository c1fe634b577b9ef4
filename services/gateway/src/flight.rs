//! Single flight: one question for any number of callers who need its answer.
//!
//! A question goes on whoever gives up, and has a timeout of its own: no caller's deadline or cancellation answers another.
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use granary_rpc::{Deadline, Error, Reason};
use tonic::Status;

/// Questions under way at a time.
const MAX_FLIGHTS: usize = 10_000;
/// Those of one tenant, of which more may be than it has calls: a question goes on when its caller has left.
const MAX_FLIGHTS_OF_TENANT: usize = 1_024;

/// When to ask again where too many are under way.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Questions under way, by what they are about.
#[derive(Debug)]
pub(crate) struct Flights<K, V: Clone>(Arc<Mutex<UnderWay<K, V>>>);

#[derive(Debug)]
struct UnderWay<K, V: Clone> {
    flights: HashMap<K, Flight<V>>,
    /// How many of them each tenant has.
    of_tenants: HashMap<Box<str>, usize>,
}

type Flight<V> = Shared<BoxFuture<'static, Result<V, Status>>>;

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(UnderWay { flights: HashMap::new(), of_tenants: HashMap::new() })))
    }

    /// Joins the question about `key`, or asks it; on behalf of a tenant, where that is known. Waits no longer than `deadline`.
    pub(crate) async fn join<F>(
        &self,
        key: K,
        tenant: Option<&str>,
        deadline: Deadline,
        ask: impl FnOnce() -> F,
    ) -> Result<V, Status>
    where
        F: Future<Output = Result<V, Status>> + Send + 'static,
    {
        let flight = {
            let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(flight) = under_way.flights.get(&key) {
                flight.clone()
            } else {
                under_way.room_for(tenant)?;
                let flight = self.start(key.clone(), tenant.map(Box::from), ask());
                under_way.flights.insert(key, flight.clone());
                flight
            }
        };
        match tokio::time::timeout_at(deadline.instant(), flight).await {
            Ok(answer) => answer,
            Err(_) => Err(Deadline::error().into()),
        }
    }

    fn start<F>(&self, key: K, tenant: Option<Box<str>>, asked: F) -> Flight<V>
    where
        F: Future<Output = Result<V, Status>> + Send + 'static,
    {
        let landed = Landing { under_way: self.0.clone(), question: Some((key, tenant)) };
        let task = tokio::spawn(async move {
            let answer = asked.await;
            drop(landed);
            answer
        });
        let failed = |_| Error::new(Reason::Internal, "a question to credential-vault broke off").into();
        task.map(move |joined| joined.unwrap_or_else(|e| Err(failed(e)))).boxed().shared()
    }
}

impl<K: Eq + Hash, V: Clone> UnderWay<K, V> {
    /// Counts one more question.
    fn room_for(&mut self, tenant: Option<&str>) -> Result<(), Error> {
        if self.flights.len() >= MAX_FLIGHTS {
            return Err(full("flights"));
        }
        let Some(tenant) = tenant else { return Ok(()) };
        let own = self.of_tenants.entry(tenant.into()).or_default();
        if *own >= MAX_FLIGHTS_OF_TENANT {
            return Err(full("flights_per_tenant"));
        }
        *own += 1;
        Ok(())
    }

    fn remove(&mut self, key: &K, tenant: Option<&str>) {
        self.flights.remove(key);
        let Some(tenant) = tenant else { return };
        let Some(own) = self.of_tenants.get_mut(tenant) else { return };
        *own -= 1;
        if *own == 0 {
            self.of_tenants.remove(tenant);
        }
    }
}

fn full(limit: &'static str) -> Error {
    let text = "too many questions are with credential-vault already; try again";
    Error::new(Reason::Overloaded, text).with("limit", limit).retry_after(RETRY_DELAY)
}

/// Takes a question off the list, however it ended.
struct Landing<K: Eq + Hash, V: Clone> {
    under_way: Arc<Mutex<UnderWay<K, V>>>,
    question: Option<(K, Option<Box<str>>)>,
}

impl<K: Eq + Hash, V: Clone> Drop for Landing<K, V> {
    fn drop(&mut self) {
        if let Some((key, tenant)) = self.question.take() {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.remove(&key, tenant.as_deref());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

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
        let hasty = flights.join(1, None, Deadline::after(Duration::from_millis(5)), ask);
        let (hasty, patient) = tokio::join!(hasty, async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            flights.join(1, None, Deadline::after(Duration::from_secs(5)), ask).await
        });
        assert!(hasty.is_err());
        assert_eq!(patient.unwrap(), 7);
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the question went on");
        assert!(flights.0.lock().unwrap().flights.is_empty());
    }

    #[tokio::test]
    async fn a_caller_that_is_dropped_ends_no_question() {
        let flights: Flights<u8, u8> = Flights::new();
        let ask = || async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            Ok(7)
        };
        let soon = Deadline::after(Duration::from_secs(5));
        let dropped = tokio::time::timeout(Duration::from_millis(5), flights.join(1, None, soon, ask)).await;
        assert!(dropped.is_err());
        assert_eq!(flights.join(1, None, soon, ask).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn one_tenants_questions_leave_room_for_anothers() {
        let flights: Flights<usize, ()> = Flights::new();
        let end = Arc::new(tokio::sync::Notify::new());
        let soon = Deadline::after(Duration::from_secs(5));
        let ask = || {
            let end = end.clone();
            async move {
                end.notified().await;
                Ok(())
            }
        };
        // Whoever asked has left, and the questions go on.
        for key in 0..MAX_FLIGHTS_OF_TENANT {
            let left = tokio::time::timeout(Duration::ZERO, flights.join(key, Some("a"), soon, ask)).await;
            assert!(left.is_err());
        }
        let refused = flights.join(MAX_FLIGHTS, Some("a"), soon, ask).await.unwrap_err();
        assert_eq!(granary_rpc::error::reason_of(&refused), Some(Reason::Overloaded));
        let other = flights.join(MAX_FLIGHTS, Some("b"), soon, || async { Ok(()) }).await;
        assert!(other.is_ok());
        end.notify_waiters();
        while !flights.0.lock().unwrap().flights.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(flights.0.lock().unwrap().of_tenants.is_empty());
    }
}
