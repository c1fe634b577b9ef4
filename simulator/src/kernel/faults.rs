//! What shall go wrong, and with which calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::call::Call;
use super::fields::Complaint;
use super::sync::lock;
use super::vendor::Vendor;

mod apply;
mod echo;
mod effect;
mod flaws;
mod mangle;
mod matcher;
mod parse;

pub(crate) use apply::{Outcome, finish, instead};
pub(crate) use effect::{Effect, HangUp};
use matcher::Matcher;

/// Faults in the order in which they were added; the first that fits a call takes it.
pub(crate) struct Faults {
    any: AtomicBool,
    standing: Mutex<Standing>,
}

#[derive(Default)]
struct Standing {
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

/// Faults that may stand at once; used-up ones make room first.
const MAX_FAULTS: usize = 1000;

impl Faults {
    pub(crate) fn new() -> Self {
        Self { any: AtomicBool::new(false), standing: Mutex::default() }
    }

    pub(crate) fn add(&self, vendors: &[Arc<dyn Vendor>], body: &[u8]) -> Result<u64, Complaint> {
        let parsed = parse::fault(vendors, body)?;
        let mut standing = lock(&self.standing);
        if standing.faults.len() >= MAX_FAULTS {
            standing.faults.retain(|fault| fault.left != Some(0));
        }
        if standing.faults.len() >= MAX_FAULTS {
            return Err(Complaint::new("faults", "too many stand already; clear them first"));
        }
        standing.last += 1;
        let id = standing.last;
        standing.faults.push(Fault {
            id,
            matcher: parsed.matcher,
            skip: parsed.skip,
            left: (parsed.count > 0).then_some(parsed.count),
            effect: Arc::new(parsed.effect),
            written: parsed.written,
        });
        self.any.store(true, Ordering::Release);
        Ok(id)
    }

    /// The effect that this call has to bear; counts it.
    pub(crate) fn take(&self, vendor: &dyn Vendor, call: &Call) -> Option<Arc<Effect>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut standing = lock(&self.standing);
        for fault in &mut standing.faults {
            if fault.left == Some(0) || !fault.matcher.fits(vendor, call) {
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
        let standing = lock(&self.standing);
        let row = |fault: &Fault| json!({"id": fault.id, "remaining": fault.left, "fault": fault.written});
        standing.faults.iter().map(row).collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.standing).faults.clear();
        self.any.store(false, Ordering::Release);
    }
}
