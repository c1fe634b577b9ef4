//! How many calls tenants and API keys have under way in this process, at fixed numbers. Those that may last, which are
//! streams and paid runs that are waited for, have a number of their own besides.
//!
//! The numbers do not follow latency: vendors answer in a millisecond or in ten minutes, and that says nothing of load.
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use granary_proto::granary::vault::v1::TenantLimits;
use granary_rpc::{Error, Reason};

/// When a caller at its limit may try again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Counts of every tenant and key that was seen lately.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    tenants: Mutex<HashMap<Box<str>, Weak<Count>>>,
    keys: Mutex<HashMap<Box<str>, Weak<Count>>>,
}

#[derive(Debug, Default)]
struct Count {
    calls: AtomicUsize,
    long: AtomicUsize,
}

/// How many calls there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) calls: usize,
    pub(crate) calls_per_key: usize,
    pub(crate) long: usize,
}

/// The counts of one caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    tenant: Arc<Count>,
    key: Arc<Count>,
    bounds: Bounds,
}

/// One call's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct CallPermit {
    tenant: Arc<Count>,
    key: Arc<Count>,
}

/// The place of a call among those that may last.
#[derive(Debug)]
pub(crate) struct StreamPermit(Arc<Count>);

/// What one call holds.
pub(crate) type Permits = (CallPermit, Option<StreamPermit>);

impl Bounds {
    /// These, where a tenant's record says nothing else.
    pub(crate) fn with(self, limits: &TenantLimits) -> Self {
        let or = |own: Option<i32>, all| own.and_then(|own| usize::try_from(own).ok()).unwrap_or(all);
        Self {
            calls: or(limits.max_calls, self.calls),
            calls_per_key: or(limits.max_calls_per_key, self.calls_per_key),
            long: or(limits.max_streams, self.long),
        }
    }
}

impl InFlight {
    /// The counts of a caller, shared with everyone of the same tenant, and of the same key.
    pub(crate) fn caller(&self, tenant: &str, key_id: &str, bounds: Bounds) -> Caller {
        Caller { tenant: shared(&self.tenants, tenant), key: shared(&self.keys, key_id), bounds }
    }

    /// Forgets those that nobody holds any more.
    pub(crate) fn sweep(&self) {
        for counts in [&self.tenants, &self.keys] {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.retain(|_, count| count.strong_count() > 0);
        }
    }
}

fn shared(counts: &Mutex<HashMap<Box<str>, Weak<Count>>>, name: &str) -> Arc<Count> {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(count) = counts.get(name).and_then(Weak::upgrade) {
        return count;
    }
    let count = Arc::new(Count::default());
    counts.insert(name.into(), Arc::downgrade(&count));
    count
}

impl Caller {
    /// Takes a place for one call.
    ///
    /// # Errors
    /// `OVERLOADED`, with what is full.
    pub(crate) fn begin(&self) -> Result<CallPermit, Error> {
        let Bounds { calls, calls_per_key, .. } = self.bounds;
        take(&self.tenant.calls, calls, "calls_per_tenant")?;
        // From here on, what was taken is given back by being dropped.
        let mut place = CallPermit { tenant: self.tenant.clone(), key: Arc::default() };
        take(&self.key.calls, calls_per_key, "calls_per_key")?;
        place.key = self.key.clone();
        Ok(place)
    }

    /// Takes a place among the calls that may last, for one that is under way.
    ///
    /// # Errors
    /// `OVERLOADED`, with what is full.
    pub(crate) fn lasts(&self) -> Result<StreamPermit, Error> {
        take(&self.tenant.long, self.bounds.long, "streams_per_tenant")?;
        Ok(StreamPermit(self.tenant.clone()))
    }
}

fn take(count: &AtomicUsize, most: usize, what: &'static str) -> Result<(), Error> {
    if count.fetch_add(1, Ordering::AcqRel) < most {
        return Ok(());
    }
    count.fetch_sub(1, Ordering::AcqRel);
    metrics::counter!("granary_refusals_total", "limit" => what).increment(1);
    let whose = match what {
        "calls_per_key" => "the API key has",
        "streams_per_tenant" => "of streams and bulk runs, the tenant has",
        _ => "the tenant has",
    };
    let text = format!("{whose} {most} under way at this gateway, which is the limit; try again as they end");
    Err(Error::new(Reason::Overloaded, text).with("limit", what).retry_after(RETRY_DELAY))
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.tenant.calls.fetch_sub(1, Ordering::AcqRel);
        // A place that was refused half-way holds a count of its own, at zero.
        let _ = self.key.calls.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.0.long.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_own_record_goes_before_the_settings() {
        let all = Bounds { calls: 3, calls_per_key: 2, long: 1 };
        let own = TenantLimits { max_calls: Some(9), max_calls_per_key: None, max_streams: Some(4) };
        let Bounds { calls, calls_per_key, long } = all.with(&own);
        assert_eq!((calls, calls_per_key, long), (9, 2, 4));
    }

    #[test]
    fn one_tenants_calls_take_no_place_of_anothers_and_all_places_come_back() {
        let bounds = Bounds { calls: 3, calls_per_key: 2, long: 1 };
        let all = InFlight::default();
        let (one, two) = (all.caller("t", "k1", bounds), all.caller("t", "k2", bounds));
        let other = all.caller("u", "k3", bounds);
        let limit = |error: Error| error.get("limit").unwrap_or_default().to_owned();
        let held = [one.begin().unwrap(), one.begin().unwrap()];
        let long = one.lasts().unwrap();
        assert_eq!(limit(one.begin().unwrap_err()), "calls_per_key");
        assert_eq!(limit(two.lasts().unwrap_err()), "streams_per_tenant");
        let third = two.begin().unwrap();
        assert_eq!(limit(two.begin().unwrap_err()), "calls_per_tenant");
        drop((other.begin().unwrap(), other.lasts().unwrap()));
        drop((held, third, long));
        for _ in 0..2 {
            drop((one.begin().unwrap(), one.begin().unwrap(), two.lasts().unwrap()));
        }
        assert_eq!(one.tenant.calls.load(Ordering::Acquire), 0);
        assert_eq!(one.tenant.long.load(Ordering::Acquire), 0);
        drop((one, two, other));
        all.sweep();
        assert!(all.tenants.lock().unwrap().is_empty() && all.keys.lock().unwrap().is_empty());
    }
}
