//! Bytes that wait for slow readers: bounded for each tenant and for the process. Past a bound, the call that has waited the
//! longest ends.
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use granary_rpc::{Error, Reason};
use tonic::Status;

use crate::ender::Ender;

/// What waits for all readers of this process.
#[derive(Debug)]
pub(crate) struct Unread {
    max_bytes: usize,
    max_bytes_per_tenant: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: usize,
    last: u64,
    tenants: HashMap<Arc<str>, Tenant>,
}

#[derive(Debug, Default)]
struct Tenant {
    bytes: usize,
    /// By how long they have waited.
    calls: BTreeMap<Since, Waiting>,
}

type Since = (Instant, u64);

#[derive(Debug)]
struct Waiting {
    bytes: usize,
    ender: Ender,
}

/// One call whose reader takes nothing. Dropped once it takes something again, or is gone.
#[derive(Debug)]
pub(crate) struct Stall {
    unread: Arc<Unread>,
    tenant: Arc<str>,
    since: Since,
    ender: Ender,
}

impl Unread {
    pub(crate) fn new(max_bytes: usize, max_bytes_per_tenant: usize) -> Arc<Self> {
        Arc::new(Self { max_bytes, max_bytes_per_tenant, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to count a call of a tenant; a call without one, such as health, has the name "".
    pub(crate) fn stalled(self: &Arc<Self>, tenant: &str) -> Stall {
        metrics::counter!("granary_stalls_total").increment(1);
        let mut state = self.state();
        state.last += 1;
        let since = (Instant::now(), state.last);
        let name = match state.tenants.get_key_value(tenant) {
            Some((name, _)) => name.clone(),
            None => tenant.into(),
        };
        let ender = Ender::default();
        let waiting = Waiting { bytes: 0, ender: ender.clone() };
        state.tenants.entry(name.clone()).or_default().calls.insert(since, waiting);
        Stall { unread: self.clone(), tenant: name, since, ender }
    }

    /// What waits now, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

impl State {
    /// Ends the call of a tenant that has waited the longest, and counts it no more.
    fn end_slowest(&mut self, tenant: &str) -> bool {
        let Some(own) = self.tenants.get_mut(tenant) else { return false };
        let Some((_, slowest)) = own.calls.pop_first() else { return false };
        own.bytes -= slowest.bytes;
        self.bytes -= slowest.bytes;
        slowest.ender.end(too_slow());
        true
    }

    fn greediest(&self) -> Option<Arc<str>> {
        self.tenants.iter().max_by_key(|(_, tenant)| tenant.bytes).map(|(name, _)| name.clone())
    }
}

impl Stall {
    /// Tells how many bytes wait for the reader now.
    pub(crate) fn holds(&self, bytes: usize) {
        let mut state = self.unread.state();
        let state = &mut *state;
        let Some(own) = state.tenants.get_mut(&self.tenant) else { return };
        let Some(waiting) = own.calls.get_mut(&self.since) else { return };
        own.bytes = own.bytes - waiting.bytes + bytes;
        state.bytes = state.bytes - waiting.bytes + bytes;
        waiting.bytes = bytes;
        while state.tenants.get(&self.tenant).is_some_and(|t| t.bytes > self.unread.max_bytes_per_tenant)
            && state.end_slowest(&self.tenant)
        {}
        while state.bytes > self.unread.max_bytes
            && state.greediest().is_some_and(|tenant| state.end_slowest(&tenant))
        {}
    }

    /// Ready with the reason where the call is to end.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Status> {
        self.ender.poll(cx)
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        let mut state = self.unread.state();
        let state = &mut *state;
        let Some(own) = state.tenants.get_mut(&self.tenant) else { return };
        if let Some(waiting) = own.calls.remove(&self.since) {
            own.bytes -= waiting.bytes;
            state.bytes -= waiting.bytes;
        }
        if own.calls.is_empty() {
            state.tenants.remove(&self.tenant);
        }
    }
}

fn too_slow() -> Status {
    metrics::counter!("granary_refusals_total", "limit" => "unread_bytes").increment(1);
    Error::new(Reason::LimitExceeded, "the caller does not read its answers, and too much waits for it")
        .with("subject", "unread_bytes")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_a_tenants_bound_its_slowest_call_ends_and_nobody_elses() {
        let unread = Unread::new(1_000, 300);
        let (old, new, other) = (unread.stalled("a"), unread.stalled("a"), unread.stalled("b"));
        old.holds(100);
        other.holds(300);
        new.holds(200);
        assert!(!old.ender.is_set() && !new.ender.is_set());
        new.holds(201);
        assert!(old.ender.is_set() && !new.ender.is_set() && !other.ender.is_set());
        assert_eq!(unread.bytes(), 501);
        drop((old, new, other));
        assert_eq!(unread.bytes(), 0);
        assert!(unread.state().tenants.is_empty());
    }

    #[test]
    fn past_the_process_bound_the_tenant_with_the_most_bytes_pays() {
        let unread = Unread::new(500, 400);
        let stalls: Vec<_> = (0..3).map(|_| unread.stalled("greedy")).collect();
        for stall in &stalls {
            stall.holds(120);
        }
        let modest = unread.stalled("modest");
        modest.holds(150);
        assert!(stalls[0].ender.is_set() && !stalls[1].ender.is_set() && !modest.ender.is_set());
    }
}
