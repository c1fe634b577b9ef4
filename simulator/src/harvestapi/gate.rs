//! How many calls each key has in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::kernel::sync::lock;

/// The calls in flight of the keys that have a limit.
#[derive(Default)]
pub(super) struct Gates {
    keys: Mutex<HashMap<Box<str>, Arc<Gate>>>,
}

#[derive(Default)]
struct Gate {
    count: Mutex<Count>,
    freed: Notify,
}

#[derive(Default)]
struct Count {
    running: u32,
    waiting: u32,
}

/// A place among the running calls; given back when dropped.
pub(super) struct RunningCall {
    gate: Arc<Gate>,
}

/// A place in the waiting room; given back when dropped, also when the client hangs up.
struct WaitingCall<'a> {
    gate: &'a Gate,
}

/// Calls that may wait for each key; the next one is refused.
const MAX_WAITING: u32 = 10;
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

impl Gates {
    /// None when the waiting room is full, or the wait was too long.
    pub(super) async fn enter(&self, key: &str, limit: u32) -> Option<RunningCall> {
        let gate = lock(&self.keys).entry(key.into()).or_default().clone();
        if gate.try_run(limit) {
            return Some(RunningCall { gate });
        }
        let waiting = gate.try_wait()?;
        let wait = async {
            loop {
                let freed = gate.freed.notified();
                if gate.try_run(limit) {
                    return;
                }
                freed.await;
            }
        };
        let waited = timeout(WAIT_TIMEOUT, wait).await;
        drop(waiting);
        waited.is_ok().then_some(RunningCall { gate })
    }
}

impl Gate {
    fn try_run(&self, limit: u32) -> bool {
        let mut count = lock(&self.count);
        let free = count.running < limit;
        count.running += u32::from(free);
        free
    }

    fn try_wait(&self) -> Option<WaitingCall<'_>> {
        let mut count = lock(&self.count);
        if count.waiting >= MAX_WAITING {
            return None;
        }
        count.waiting += 1;
        Some(WaitingCall { gate: self })
    }
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        lock(&self.gate.count).waiting -= 1;
        // A wake-up may have gone to this call just as it was given up.
        self.gate.freed.notify_one();
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        lock(&self.gate.count).running -= 1;
        self.gate.freed.notify_one();
    }
}
