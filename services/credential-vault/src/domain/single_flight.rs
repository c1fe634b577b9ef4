//! One look into the store for any number of callers who want the same thing at the same time. It is made to its end within a
//! time of its own: nobody's deadline, and nobody's going away, ends it for others. Nothing is kept once it has been answered,
//! and whoever asks after a change does not join a look that began before it.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use granary_rpc::{Error, Reason};
use tokio::time::timeout;

use granary_store::{self as store, CALL_TIMEOUT, Outage};

/// Longest time of a look: a few operations of the store follow one another.
const LOOK_TIMEOUT: Duration = CALL_TIMEOUT.saturating_mul(2);
/// Most looks that go on without whoever asked. Further ones are made by each caller for itself, and end with it.
const MAX_LOOKS: usize = 4_096;

type Names<W, T> = HashMap<String, Vec<Flight<W, T>>>;
type Look<T> = Shared<BoxFuture<'static, Result<T, Error>>>;

/// Looks under way, by what a change of it is named by, and by what is looked for.
pub(crate) struct Flights<W, T> {
    all: Arc<Mutex<Names<W, T>>>,
    timeout: Duration,
}

struct Flight<W, T> {
    number: u64,
    wanted: W,
    look: Look<T>,
}

impl<W, T> Default for Flights<W, T> {
    fn default() -> Self {
        Self::within(LOOK_TIMEOUT)
    }
}

impl<W, T> Clone for Flights<W, T> {
    fn clone(&self) -> Self {
        Self { all: Arc::clone(&self.all), timeout: self.timeout }
    }
}

impl<W, T> Flights<W, T> {
    fn within(timeout: Duration) -> Self {
        Self { all: Arc::default(), timeout }
    }
}

impl<W, T> Flights<W, T>
where
    W: Clone + PartialEq + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the look for what is wanted, or begins it.
    pub(crate) async fn join(
        &self,
        name: &str,
        wanted: &W,
        begin: impl FnOnce() -> BoxFuture<'static, Result<T, Error>>,
    ) -> Result<T, Error> {
        let look = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |flight: &&Flight<W, T>| flight.wanted == *wanted;
            let under_way = all.get(name).and_then(|flights| flights.iter().find(fits));
            match under_way {
                Some(flight) => Ok(flight.look.clone()),
                None if all.len() >= MAX_LOOKS => Err(begin()),
                None => {
                    let number = rand::random();
                    let task = tokio::spawn(self.ended(name.to_owned(), number, begin()));
                    let gone =
                        |_| Error::new(Reason::Internal, "a look into the store did not come to its end");
                    let look: Look<T> = async move { task.await.map_err(gone)? }.boxed().shared();
                    let flight = Flight { number, wanted: wanted.clone(), look: look.clone() };
                    all.entry(name.to_owned()).or_default().push(flight);
                    Ok(look)
                }
            }
        };
        match look {
            Ok(look) => look.await,
            Err(alone) => timeout(self.timeout, alone).await.unwrap_or_else(|_| Err(late())),
        }
    }

    /// Something changed: nobody joins what is under way any more.
    pub(crate) fn forget(&self, name: &str) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn ended(
        &self,
        name: String,
        number: u64,
        work: BoxFuture<'static, Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> + use<W, T> {
        let (all, time) = (Arc::clone(&self.all), self.timeout);
        async move {
            let outcome = timeout(time, work).await.unwrap_or_else(|_| Err(late()));
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(flights) = all.get_mut(&name) {
                flights.retain(|flight| flight.number != number);
                if flights.is_empty() {
                    all.remove(&name);
                }
            }
            outcome
        }
    }
}

fn late() -> Error {
    store::Error::out(Outage::Slow, "a look into it took too long").into()
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::sleep;

    use super::*;

    const LOOKUP_DELAY: Duration = Duration::from_millis(200);

    /// A look that takes a while, and counts.
    fn slow(count: &Arc<AtomicUsize>) -> BoxFuture<'static, Result<usize, Error>> {
        let count = Arc::clone(count);
        async move {
            sleep(LOOKUP_DELAY).await;
            Ok(count.fetch_add(1, Ordering::SeqCst) + 1)
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_caller_whose_deadline_passes_takes_no_answer_from_those_who_still_wait() {
        let (flights, count) = (Flights::<(), usize>::default(), Arc::default());
        // The first to ask is the first to give up.
        let hasty = timeout(LOOKUP_DELAY / 100, flights.join("u", &(), || slow(&count)));
        let patient = flights.join("u", &(), || slow(&count));
        let (hasty, patient) = tokio::join!(hasty, patient);
        assert!(hasty.is_err());
        assert_eq!(patient.unwrap(), 1, "the same look, which nobody began again");
        assert_eq!(flights.join("u", &(), || slow(&count)).await.unwrap(), 2, "nothing is kept");
    }

    #[tokio::test]
    async fn a_look_that_never_ends_is_ended_and_the_next_one_begins_afresh() {
        let flights = Flights::<(), usize>::within(LOOKUP_DELAY);
        let stuck = flights.join("u", &(), || pending().boxed()).await;
        assert_eq!(stuck.unwrap_err().reason(), Reason::StoreUnavailable);
        assert_eq!(flights.join("u", &(), || async { Ok(7) }.boxed()).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn nobody_joins_a_look_that_began_before_a_change_or_that_wants_something_else() {
        let (flights, count) = (Flights::<u8, usize>::default(), Arc::default());
        let first = flights.join("u", &1, || slow(&count));
        let after = async {
            sleep(LOOKUP_DELAY / 2).await;
            flights.forget("u");
            flights.join("u", &1, || slow(&count)).await
        };
        let other = flights.join("u", &2, || slow(&count));
        let (first, after, other) = tokio::join!(first, after, other);
        let mut all = [first.unwrap(), after.unwrap(), other.unwrap()];
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
    }
}
