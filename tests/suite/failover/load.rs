//! Twenty calls a second, and which of them were lost.
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use granary_rpc::{Reason, error};
use granary_testkit::Client;
use tonic::Status;

/// Between calls.
const CALL_INTERVAL: Duration = Duration::from_millis(50);
/// So many calls in a row that succeed are the end of a fail-over.
const STEADY: usize = 30;
/// How soon it must come.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(40);

/// The accounts that cold calls are for, in turn.
pub(super) const COLD: [&str; 6] = ["cold-0", "cold-1", "cold-2", "cold-3", "cold-4", "cold-5"];

/// What a call needs: a quarter, a half and a quarter of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallKind {
    /// Nothing of the store: its ticket is remembered.
    Warm,
    /// A ticket from the store.
    Cold,
    /// An account from the store.
    Get,
}

/// Who calls: a client whose gateway remembers tickets, and one whose gateway remembers one of them.
#[derive(Clone)]
pub(super) struct Callers {
    pub(super) warm: Client,
    pub(super) cold: Client,
}

/// Calls that go on until they are told to end.
pub(super) struct Load {
    ended: Arc<AtomicBool>,
    calls: Arc<Mutex<Vec<Call>>>,
    task: tokio::task::JoinHandle<()>,
}

struct Call {
    kind: CallKind,
    begun: Instant,
    took: Duration,
    lost: Option<Status>,
}

/// What became of the calls around one event.
pub(super) struct Lost {
    of: usize,
    warm: usize,
    cold: usize,
    get: usize,
    /// From the first that was lost to the last.
    span: Duration,
    slowest: Duration,
    /// What a lost call was told that is no outage of the store.
    other: Option<Status>,
}

impl Load {
    pub(super) fn start(callers: &Callers) -> Self {
        let (ended, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (callers, stop, told) = (callers.clone(), Arc::clone(&ended), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            let mut tick = tokio::time::interval(CALL_INTERVAL);
            let mut flying = tokio::task::JoinSet::new();
            for number in 0_usize.. {
                tick.tick().await;
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (callers, told) = (callers.clone(), Arc::clone(&told));
                flying.spawn(async move {
                    let call = callers.call(number).await;
                    told.lock().unwrap().push(call);
                });
            }
            flying.join_all().await;
        });
        Self { ended, calls, task }
    }

    /// Waits until calls succeed again, one after the other, ends them, and tells what was lost.
    pub(super) async fn finish(self) -> Lost {
        let begun = Instant::now();
        while self.in_a_row(begun) < STEADY && begun.elapsed() < RECOVERY_TIMEOUT {
            tokio::time::sleep(CALL_INTERVAL).await;
        }
        let well = begun.elapsed() < RECOVERY_TIMEOUT;
        self.ended.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let lost = Lost::of(&self.calls.lock().unwrap());
        let last = self.calls.lock().unwrap().iter().rev().find_map(|call| call.lost.clone());
        assert!(well, "calls still fail after {RECOVERY_TIMEOUT:?}: {lost}: {last:?}");
        lost
    }

    /// How many calls that began since then succeeded after the last that failed.
    fn in_a_row(&self, since: Instant) -> usize {
        let calls = self.calls.lock().unwrap();
        let mut recent: Vec<&Call> = calls.iter().filter(|call| call.begun >= since).collect();
        recent.sort_by_key(|call| call.begun);
        recent.iter().rev().take_while(|call| call.lost.is_none()).count()
    }
}

impl Callers {
    async fn call(&self, number: usize) -> Call {
        let begun = Instant::now();
        let (kind, answer) = match number % 4 {
            0 => (CallKind::Warm, self.warm.call("warm", "get_company", "{}").await.map(drop)),
            1 => (CallKind::Get, self.warm.get("warm").await.map(drop)),
            _ => {
                let account = COLD[number / 2 % COLD.len()];
                (CallKind::Cold, self.cold.call(account, "get_company", "{}").await.map(drop))
            }
        };
        Call { kind, begun, took: begun.elapsed(), lost: answer.err() }
    }
}

impl Lost {
    fn of(calls: &[Call]) -> Self {
        let lost: Vec<&Call> = calls.iter().filter(|call| call.lost.is_some()).collect();
        let count = |kind| lost.iter().filter(|call| call.kind == kind).count();
        let first = lost.iter().map(|call| call.begun).min();
        let last = lost.iter().map(|call| call.begun + call.took).max();
        let outage = |status: &Status| error::reason_of(status) == Some(Reason::StoreUnavailable);
        Self {
            of: calls.len(),
            warm: count(CallKind::Warm),
            cold: count(CallKind::Cold),
            get: count(CallKind::Get),
            span: first.zip(last).map(|(first, last)| last - first).unwrap_or_default(),
            slowest: calls.iter().map(|call| call.took).max().unwrap_or_default(),
            other: lost.iter().filter_map(|call| call.lost.clone()).find(|status| !outage(status)),
        }
    }

    /// No remembered call was lost, and what else was is told as the store's outage.
    pub(super) fn none_warm(&self, event: &str) {
        println!("{event}: {self}");
        assert_eq!(self.warm, 0, "{event}: {self}");
        assert!(self.other.is_none(), "{event}: {:?}", self.other);
    }

    /// No call was lost at all.
    pub(super) fn nothing(&self, event: &str) {
        self.none_warm(event);
        assert_eq!(self.cold + self.get, 0, "{event}: {self}");
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, warm, cold, get, span, slowest, .. } = self;
        write!(
            f,
            "{} of {of} lost (warm {warm}, cold {cold}, get {get}) within {:.1} s; the slowest took {:.1} s",
            warm + cold + get,
            span.as_secs_f64(),
            slowest.as_secs_f64()
        )
    }
}
