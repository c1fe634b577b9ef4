//! What shall go wrong, and with which calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Api, Call};
use crate::decimal::Micros;
use crate::fields::Fault as Complaint;
use crate::sync::lock;

mod apply;
mod echo;
mod mangle;
mod parse;

pub(crate) use apply::{Outcome, finish, instead};

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
}

enum PathPattern {
    Exact(String),
    Prefix(String),
}

/// What happens to a call that a fault takes.
#[derive(Default)]
pub(crate) struct Effect {
    pub(crate) status: Option<StatusCode>,
    pub(crate) delay: Duration,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<BodyFault>,
    pub(crate) body_bytes: Option<u64>,
    pub(crate) redirect: Option<HeaderValue>,
    pub(crate) body_status: Option<u16>,
    pub(crate) cost: Option<Micros>,
    pub(crate) echo: Option<Echo>,
    pub(crate) hang_up: Option<HangUp>,
    pub(crate) unknown_fields: bool,
    pub(crate) link_origin: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BodyFault {
    Cut,
    Garbage,
    Huge,
    WrongTypes,
    Html,
    Empty,
    Json(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    Plain,
    Json,
    Url,
    Base64,
    Header,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HangUp {
    /// Nothing was done.
    Before,
    /// All was done, and nobody is told.
    After,
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
    pub(crate) fn take(&self, call: &Call) -> Option<Arc<Effect>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut inner = lock(&self.inner);
        let found =
            inner.faults.iter_mut().find(|fault| fault.left != Some(0) && fault.matcher.fits(call))?;
        found.left = found.left.map(|left| left - 1);
        Some(found.effect.clone())
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
    fn fits(&self, call: &Call) -> bool {
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
    }
}
