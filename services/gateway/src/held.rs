//! Bytes that the gateway holds for slow callers, of answers that they do not read and of requests that they do not finish:
//! bounded for each tenant and for the process. Past a bound, the call that has waited the longest ends.
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use granary_rpc::{Error, Reason};
use tonic::Status;

use crate::ender::Ender;

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Answers that wait for their readers.
    Unread,
    /// Requests whose end has not arrived.
    Unfinished,
}

/// What is held of one kind, for all callers of this process.
#[derive(Debug)]
pub(crate) struct Held {
    what: What,
    max_bytes: usize,
    max_bytes_per_tenant: usize,
    state: Mutex<HeldBytes>,
}

#[derive(Debug, Default)]
struct HeldBytes {
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

/// One call whose caller is slow. Dropped once it goes on, or is gone.
#[derive(Debug)]
pub(crate) struct Stall {
    held: Arc<Held>,
    tenant: Arc<str>,
    since: Since,
    ender: Ender,
}

impl Held {
    pub(crate) fn new(what: What, max_bytes: usize, max_bytes_per_tenant: usize) -> Arc<Self> {
        Arc::new(Self { what, max_bytes, max_bytes_per_tenant, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, HeldBytes> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to count a call of a tenant; a call without one, such as health, has the name "".
    pub(crate) fn stalled(self: &Arc<Self>, tenant: &str) -> Stall {
        if self.what == What::Unread {
            metrics::counter!("granary_stalls_total").increment(1);
        }
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
        Stall { held: self.clone(), tenant: name, since, ender }
    }

    /// What waits now, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

impl HeldBytes {
    /// Ends the call of a tenant that has waited the longest, and counts it no more.
    fn end_slowest(&mut self, tenant: &str, what: What) -> bool {
        let Some(own) = self.tenants.get_mut(tenant) else { return false };
        let Some((_, slowest)) = own.calls.pop_first() else { return false };
        own.bytes -= slowest.bytes;
        self.bytes -= slowest.bytes;
        slowest.ender.end(what.too_slow());
        true
    }

    fn greediest(&self) -> Option<Arc<str>> {
        self.tenants.iter().max_by_key(|(_, tenant)| tenant.bytes).map(|(name, _)| name.clone())
    }
}

impl Stall {
    /// Tells how many bytes are held for the call now.
    pub(crate) fn holds(&self, bytes: usize) {
        let mut state = self.held.state();
        let state = &mut *state;
        let Some(own) = state.tenants.get_mut(&self.tenant) else { return };
        let Some(waiting) = own.calls.get_mut(&self.since) else { return };
        own.bytes = own.bytes - waiting.bytes + bytes;
        state.bytes = state.bytes - waiting.bytes + bytes;
        waiting.bytes = bytes;
        while state.tenants.get(&self.tenant).is_some_and(|t| t.bytes > self.held.max_bytes_per_tenant)
            && state.end_slowest(&self.tenant, self.held.what)
        {}
        while state.bytes > self.held.max_bytes
            && state.greediest().is_some_and(|tenant| state.end_slowest(&tenant, self.held.what))
        {}
    }

    /// Ready with the reason where the call is to end.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Status> {
        self.ender.poll(cx)
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        let mut state = self.held.state();
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

impl What {
    fn too_slow(self) -> Status {
        let (subject, text) = match self {
            Self::Unread => {
                ("unread_bytes", "the caller does not read its answers, and too much waits for it")
            }
            Self::Unfinished => {
                ("unfinished_bytes", "too much has arrived of requests that do not end; this one began first")
            }
        };
        metrics::counter!("granary_refusals_total", "limit" => subject).increment(1);
        Error::new(Reason::LimitExceeded, text).with("subject", subject).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_a_tenants_bound_its_slowest_call_ends_and_nobody_elses() {
        let held = Held::new(What::Unread, 1_000, 300);
        let (old, new, other) = (held.stalled("a"), held.stalled("a"), held.stalled("b"));
        old.holds(100);
        other.holds(300);
        new.holds(200);
        assert!(!old.ender.is_set() && !new.ender.is_set());
        new.holds(201);
        assert!(old.ender.is_set() && !new.ender.is_set() && !other.ender.is_set());
        assert_eq!(held.bytes(), 501);
        drop((old, new, other));
        assert_eq!(held.bytes(), 0);
        assert!(held.state().tenants.is_empty());
    }

    #[test]
    fn past_the_process_bound_the_tenant_with_the_most_bytes_pays() {
        let held = Held::new(What::Unread, 500, 400);
        let stalls: Vec<_> = (0..3).map(|_| held.stalled("greedy")).collect();
        for stall in &stalls {
            stall.holds(120);
        }
        let modest = held.stalled("modest");
        modest.holds(150);
        assert!(stalls[0].ender.is_set() && !stalls[1].ender.is_set() && !modest.ender.is_set());
    }
}
