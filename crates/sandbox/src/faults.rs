//! What shall go wrong, and with which calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::apify;
use crate::call::{Api, Call};
use crate::fields::Fault as Complaint;
use crate::sync::lock;
use crate::world::World;

mod apply;
mod echo;
mod effect;
mod flaws;
mod mangle;
mod parse;

pub(crate) use apply::{Outcome, finish, instead};
pub(crate) use effect::{Effect, HangUp};

/// Faults in the order in which they were added; the first that fits a call takes it.
pub(crate) struct Faults {
    any: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last: u64,
    faults: Vec<Fault>,
}

struct Fault {
    id: u64,
    matcher: Matcher,
    /// Calls that fit and that it still lets pass, before it takes one.
    skip: u64,
    /// Calls that it still takes; None takes them until the faults are cleared.
    left: Option<u64>,
    effect: Arc<Effect>,
    /// As it was written, for the list.
    written: Value,
}

struct Matcher {
    api: Api,
    method: Option<Method>,
    path: Option<PathPattern>,
    credential: Option<String>,
    late: Option<Late>,
}

/// Looks at the rows of a run that is over, within this time after its end; None knows no end.
struct Late(Option<Duration>);

enum PathPattern {
    Exact(String),
    Prefix(String),
}

// === impl Faults ===

impl Faults {
    /// Faults that may stand at once; used-up ones make room first.
    const LIMIT: usize = 1000;

    pub(crate) fn new() -> Self {
        Self { any: AtomicBool::new(false), inner: Mutex::default() }
    }

    pub(crate) fn add(&self, body: &[u8]) -> Result<u64, Complaint> {
        let (mut fault, count) = parse::fault(body)?;
        let mut inner = lock(&self.inner);
        if inner.faults.len() >= Self::LIMIT {
            inner.faults.retain(|fault| fault.left != Some(0));
        }
        if inner.faults.len() >= Self::LIMIT {
            return Err(Complaint::new("faults", "too many stand already; clear them first"));
        }
        inner.last += 1;
        fault.id = inner.last;
        fault.left = (count > 0).then_some(count);
        inner.faults.push(fault);
        self.any.store(true, Ordering::Release);
        Ok(inner.last)
    }

    /// The effect that this call has to bear; counts it.
    pub(crate) fn take(&self, world: &World, call: &Call) -> Option<Arc<Effect>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut inner = lock(&self.inner);
        for fault in &mut inner.faults {
            if fault.left == Some(0) || !fault.matcher.fits(world, call) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.left = fault.left.map(|left| left - 1);
            return Some(fault.effect.clone());
        }
        None
    }

    /// All that were added, with how many calls they still take (null: any number).
    pub(crate) fn list(&self) -> Vec<Value> {
        let inner = lock(&self.inner);
        let row = |fault: &Fault| json!({"id": fault.id, "remaining": fault.left, "fault": fault.written});
        inner.faults.iter().map(row).collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.inner).faults.clear();
        self.any.store(false, Ordering::Release);
    }
}

// === impl Matcher ===

impl Matcher {
    fn fits(&self, world: &World, call: &Call) -> bool {
        let path = || match &self.path {
            None => true,
            Some(PathPattern::Exact(path)) => *path == call.path,
            Some(PathPattern::Prefix(prefix)) => call.path.starts_with(prefix),
        };
        let credential = |wanted: &String| call.credentials.iter().any(|arrived| arrived.value == *wanted);
        self.api == call.api
            && self.method.as_ref().is_none_or(|method| method == call.method)
            && path()
            && self.credential.as_ref().is_none_or(credential)
            && self.late.as_ref().is_none_or(|late| late.fits(world, call))
    }
}

// === impl Late ===

impl Late {
    fn fits(&self, world: &World, call: &Call) -> bool {
        let over = apify::rows_since_the_end(world, call);
        over.is_some_and(|since| self.0.is_none_or(|within| since < within))
    }
}
