//! What good callers got.
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use granary_rpc::{Reason, error};
use tonic::Status;

use super::{Good, told};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Something was read.
    Read,
    /// It was read for this, in micro-dollars.
    Charged(i64),
    /// A time entry with this id was written.
    Entry(i64),
}

/// What came of the calls.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were made.
    pub calls: usize,
    /// How many failed, by code and reason.
    pub failures: BTreeMap<String, usize>,
    /// How many of them do not know whether a write was made.
    pub unknown: usize,
    /// How many writes were acknowledged.
    pub written: usize,
    /// How many writes reached the simulator.
    pub writes_at_vendor: usize,
    /// How many charged reads were answered.
    pub charges: usize,
    /// How many charged reads reached the simulator.
    pub charges_at_vendor: usize,
    /// What was answered as charged, in micro-dollars.
    pub charged: i64,
    entries: HashSet<i64>,
    times: Vec<Duration>,
}

impl Report {
    pub(super) fn add(&mut self, (good, begun, answer): (Good, Instant, Result<Answered, Status>)) {
        self.calls += 1;
        self.times.push(begun.elapsed());
        match answer {
            Ok(Answered::Read) => {}
            Ok(Answered::Charged(cost)) => {
                self.charges += 1;
                self.charged += cost;
            }
            Ok(Answered::Entry(id)) => {
                self.written += 1;
                self.entries.insert(id);
            }
            Err(status) => {
                self.unknown += usize::from(error::reason_of(&status) == Some(Reason::UnknownOutcome));
                *self.failures.entry(format!("{good:?}: {}", told(&status))).or_default() += 1;
            }
        }
    }

    /// How many calls failed.
    pub fn lost(&self) -> usize {
        self.failures.values().sum()
    }

    /// The time within which so many percent of the calls were answered.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).copied().unwrap_or_default()
    }

    /// Nothing was lost, and each write and each charged read was made once.
    ///
    /// # Panics
    /// Where it was not so, with every kind of failure.
    pub fn assert_unharmed(&self) {
        println!("{self}");
        assert!(self.calls > 0, "no call was made");
        assert!(self.lost() == 0, "good callers lost calls: {self}");
        assert_eq!(self.entries.len(), self.written, "two writes were acknowledged by one entry");
        assert_eq!(self.writes_at_vendor, self.written, "writes at the simulator, and acknowledged ones");
        assert_eq!(self.charges_at_vendor, self.charges, "charged reads at the simulator, and answered ones");
    }

    /// Nothing was lost, and nearly every call took less than this.
    ///
    /// # Panics
    /// Where it was not so.
    pub fn assert_unhurt(&self, usual: Duration) {
        self.assert_unharmed();
        assert!(self.percentile(98) < usual, "good callers waited: {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, p50, p99) = (self.lost(), self.percentile(50), self.percentile(99));
        write!(f, "{lost} of {} calls lost, p50 {p50:.1?}, p99 {p99:.1?}, ", self.calls)?;
        write!(f, "{} writes acknowledged, {} at the simulator", self.written, self.writes_at_vendor)?;
        for (failure, count) in &self.failures {
            write!(f, "\n  {count} × {failure}")?;
        }
        Ok(())
    }
}
