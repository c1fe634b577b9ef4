//! Large conversions: done beside the serving threads, a few at a time, and the tenants take turns.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use granary_rpc::{Deadline, Error, Reason};
use tokio::sync::{AcquireError, Semaphore};

/// Past so many tenants, those without a conversion are forgotten.
const MAX_IDLE: usize = 1_000;

/// The places where conversions are done. A tenant has its own, and only what holds one of those waits for one of all: so a
/// tenant waits for no more than one turn of each other tenant, however many conversions those have.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    of_tenant: usize,
    tenants: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Turns {
    /// Half of the cores, and half of those for one tenant; at least one each.
    pub(super) fn of_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new((cores / 2).max(1), (cores / 4).max(1))
    }

    fn new(all: usize, of_tenant: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), of_tenant, tenants: Mutex::default() }
    }

    /// Does the work in the tenant's turn.
    ///
    /// # Errors
    /// `DEADLINE_EXCEEDED`, where the turn comes too late or the work takes too long; work that has begun then keeps its
    /// place until it is done.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        tenant: &str,
        deadline: Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let own = self.of(tenant);
        let done = async {
            let own = own.acquire_owned().await.map_err(closed)?;
            let place = Arc::clone(&self.all).acquire_owned().await.map_err(closed)?;
            let work = move || {
                let done = work();
                drop((own, place));
                done
            };
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|error| Error::new(Reason::Internal, "a conversion broke off").caused_by(error))
        };
        tokio::time::timeout_at(deadline.instant(), done).await.map_err(|_| Deadline::error())?
    }

    fn of(&self, tenant: &str) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = tenants.get(tenant).and_then(Weak::upgrade) {
            return places;
        }
        if tenants.len() >= MAX_IDLE {
            tenants.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Semaphore::new(self.of_tenant));
        tenants.insert(tenant.to_owned(), Arc::downgrade(&places));
        places
    }
}

fn closed(error: AcquireError) -> Error {
    Error::new(Reason::Internal, "conversions have ended").caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_tenant_with_many_large_conversions_does_not_keep_another_from_its_turn() {
        let turns = Arc::new(Turns::new(1, 1));
        let (go, gate) = mpsc::channel::<()>();
        let (told, order) = mpsc::channel();
        let gate = Arc::new(Mutex::new(gate));
        let start = |tenant: &'static str, n: usize| {
            let (turns, gate, told) = (turns.clone(), gate.clone(), told.clone());
            tokio::spawn(async move {
                let work = move || {
                    gate.lock().unwrap().recv().unwrap();
                    told.send((tenant, n)).unwrap();
                };
                turns.take(tenant, Deadline::after(WAIT_TIMEOUT), work).await.unwrap();
            })
        };
        let mut tasks: Vec<_> = (0..20).map(|n| start("many", n)).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tasks.push(start("one", 0));
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..tasks.len() {
            go.send(()).unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        let order: Vec<_> = order.try_iter().collect();
        let place = order.iter().position(|(tenant, _)| *tenant == "one").unwrap();
        assert!(place <= 1, "behind the conversion that was under way: {order:?}");
        assert!(order.iter().filter(|(t, _)| *t == "many").map(|(_, n)| *n).is_sorted(), "{order:?}");
    }

    #[tokio::test]
    async fn a_turn_that_comes_too_late_ends_at_the_deadline_and_work_under_way_keeps_its_place() {
        let turns = Turns::new(1, 1);
        #[allow(clippy::disallowed_methods, reason = "it runs beside the runtime, as a conversion does")]
        let slow = || std::thread::sleep(Duration::from_millis(300));
        let soon = || Deadline::after(Duration::from_millis(50));
        let late = turns.take("a", soon(), slow).await.unwrap_err();
        assert_eq!(late.reason(), Reason::DeadlineExceeded);
        let refused = turns.take("b", soon(), || ()).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::DeadlineExceeded, "the place is still taken");
        turns.take("b", Deadline::after(WAIT_TIMEOUT), || ()).await.unwrap();
    }

    #[test]
    fn tenants_without_a_conversion_are_forgotten() {
        let turns = Turns::new(1, 1);
        let held = turns.of("held");
        for n in 0..3 * MAX_IDLE {
            turns.of(&format!("t{n}"));
        }
        assert!(turns.tenants.lock().unwrap().len() <= MAX_IDLE);
        assert!(Arc::ptr_eq(&held, &turns.of("held")));
    }
}
