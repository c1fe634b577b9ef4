//! The queue itself: tenants take turns, and a tenant's own calls go in the order in which they came.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use granary_rpc::{Deadline, Error};
use metrics::{Gauge, Histogram};
use tokio::sync::oneshot;

use super::{Length, overloaded};

/// How many calls a queue lets run, and how many wait.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) max_in_flight: usize,
    pub(super) max_in_flight_per_tenant: usize,
    pub(super) max_waiting: usize,
    pub(super) max_waiting_per_tenant: usize,
}

#[derive(Debug)]
pub(super) struct Queue {
    service: &'static str,
    length: Length,
    bounds: Bounds,
    state: Mutex<QueueState>,
    in_flight: Gauge,
    waiting: Gauge,
    waited: Histogram,
}

#[derive(Debug, Default)]
struct QueueState {
    in_flight: usize,
    waiting: usize,
    tenants: HashMap<Arc<str>, Tenant>,
    /// Tenants with a call that waits and may run, in the order of their turns.
    turns: VecDeque<Arc<str>>,
    last: u64,
}

#[derive(Debug, Default)]
struct Tenant {
    in_flight: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Permit>)>,
    has_turn: bool,
}

/// A call's place; the next one has it when this is dropped.
#[derive(Debug)]
pub struct Permit(Option<(Arc<Queue>, Arc<str>)>);

/// A call that waits. Dropped, it waits no more.
struct Waiting {
    queue: Arc<Queue>,
    tenant: Arc<str>,
    number: u64,
}

impl Queue {
    pub(super) fn new(service: &'static str, length: Length, bounds: Bounds) -> Self {
        let calls = match length {
            Length::Short => "short",
            Length::Long => "long",
        };
        Self {
            service,
            length,
            bounds,
            state: Mutex::default(),
            in_flight: metrics::gauge!("granary_admission_in_flight", "service" => service, "calls" => calls),
            waiting: metrics::gauge!("granary_admission_waiting", "service" => service, "calls" => calls),
            waited: metrics::histogram!("granary_admission_wait_seconds", "service" => service, "calls" => calls),
        }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn admit(self: &Arc<Self>, tenant: &str, deadline: Deadline) -> Result<Permit, Error> {
        let (waiting, turn) = match self.enter(tenant)? {
            Entered::Runs(permit) => return Ok(permit),
            Entered::Waits(waiting, turn) => (waiting, turn),
        };
        let start = Instant::now();
        let admitted = tokio::time::timeout_at(deadline.instant(), turn).await;
        drop(waiting);
        self.waited.record(start.elapsed().as_secs_f64());
        // The sender lives until it has sent or the call has stopped waiting.
        admitted.ok().and_then(Result::ok).ok_or_else(Deadline::error)
    }

    fn enter(self: &Arc<Self>, tenant: &str) -> Result<Entered, Error> {
        let mut state = self.state();
        let state = &mut *state;
        let name = match state.tenants.get_key_value(tenant) {
            Some((name, _)) => name.clone(),
            None => {
                let name: Arc<str> = tenant.into();
                state.tenants.insert(name.clone(), Tenant::default());
                name
            }
        };
        let Some(own) = state.tenants.get_mut(&name) else { return Err(Deadline::error()) };
        let is_free = state.in_flight < self.bounds.max_in_flight
            && own.in_flight < self.bounds.max_in_flight_per_tenant;
        // Nobody overtakes: where others may run and wait, this one waits behind them.
        if is_free && own.waiting.is_empty() && state.turns.is_empty() {
            own.in_flight += 1;
            state.in_flight += 1;
            self.in_flight.increment(1.0);
            return Ok(Entered::Runs(Permit(Some((self.clone(), name)))));
        }
        let [per_tenant, of_all] = match self.length {
            Length::Short => ["waiting_per_tenant", "waiting"],
            Length::Long => ["long_waiting_per_tenant", "long_waiting"],
        };
        let full = if own.waiting.len() >= self.bounds.max_waiting_per_tenant {
            Some((per_tenant, self.bounds.max_waiting_per_tenant))
        } else if state.waiting >= self.bounds.max_waiting {
            Some((of_all, self.bounds.max_waiting))
        } else {
            None
        };
        if let Some((what, limit)) = full {
            state.forget(&name);
            return Err(overloaded(self.service, what, limit));
        }
        let (sender, turn) = oneshot::channel();
        state.last += 1;
        let number = state.last;
        own.waiting.push_back((number, sender));
        state.waiting += 1;
        self.waiting.increment(1.0);
        state.give_turn(&name, &self.bounds);
        Ok(Entered::Waits(Waiting { queue: self.clone(), tenant: name, number }, turn))
    }

    /// Lets those run that may now, one tenant after the other.
    fn advance(self: &Arc<Self>, state: &mut QueueState) {
        while state.in_flight < self.bounds.max_in_flight {
            let Some(name) = state.turns.pop_front() else { return };
            let Some(own) = state.tenants.get_mut(&name) else { continue };
            own.has_turn = false;
            let Some((_, sender)) = own.waiting.pop_front() else { continue };
            state.waiting -= 1;
            self.waiting.decrement(1.0);
            own.in_flight += 1;
            state.in_flight += 1;
            self.in_flight.increment(1.0);
            let permit = Permit(Some((self.clone(), name.clone())));
            if let Err(mut unwanted) = sender.send(permit) {
                // It stopped waiting in this moment: its place is taken back here, where the state is held already.
                unwanted.0 = None;
                self.leave(state, &name);
            }
            state.give_turn(&name, &self.bounds);
        }
    }

    fn leave(&self, state: &mut QueueState, name: &Arc<str>) {
        state.in_flight -= 1;
        self.in_flight.decrement(1.0);
        if let Some(own) = state.tenants.get_mut(name) {
            own.in_flight -= 1;
        }
        state.give_turn(name, &self.bounds);
        state.forget(name);
    }
}

enum Entered {
    Runs(Permit),
    Waits(Waiting, oneshot::Receiver<Permit>),
}

impl QueueState {
    /// Puts a tenant at the end of the turns, where it has a call that may run.
    fn give_turn(&mut self, name: &Arc<str>, bounds: &Bounds) {
        let Some(own) = self.tenants.get_mut(name) else { return };
        let may = !own.waiting.is_empty() && own.in_flight < bounds.max_in_flight_per_tenant;
        if may && !own.has_turn {
            own.has_turn = true;
            self.turns.push_back(name.clone());
        }
    }

    /// Keeps nothing of a tenant without calls.
    fn forget(&mut self, name: &Arc<str>) {
        let is_gone = |own: &Tenant| own.in_flight == 0 && own.waiting.is_empty() && !own.has_turn;
        if self.tenants.get(name).is_some_and(is_gone) {
            self.tenants.remove(name);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((queue, tenant)) = self.0.take() {
            let mut state = queue.state();
            queue.leave(&mut state, &tenant);
            queue.advance(&mut state);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        let state = &mut *state;
        let Some(own) = state.tenants.get_mut(&self.tenant) else { return };
        let Some(at) = own.waiting.iter().position(|(number, _)| *number == self.number) else { return };
        own.waiting.remove(at);
        state.waiting -= 1;
        self.queue.waiting.decrement(1.0);
        if own.waiting.is_empty() && own.has_turn {
            own.has_turn = false;
            state.turns.retain(|name| *name != self.tenant);
        }
        state.forget(&self.tenant);
        self.queue.advance(state);
    }
}

#[cfg(test)]
mod tests;
