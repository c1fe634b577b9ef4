//! How long calls took that were made one after the other.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;

/// The calls of one run.
pub(crate) struct Measured {
    begun: Instant,
    micros: Vec<u64>,
}

impl Measured {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), micros: Vec::new() }
    }

    /// Whether neither so many calls nor so many seconds are over. One call is always made.
    pub(crate) fn goes_on(&self, calls: usize, seconds: f64) -> bool {
        self.micros.is_empty() || self.micros.len() < calls && self.begun.elapsed().as_secs_f64() < seconds
    }

    pub(crate) fn calls(&self) -> usize {
        self.micros.len()
    }

    pub(crate) fn add(&mut self, took: Duration) -> Result<(), Failure> {
        self.micros.push(u64::try_from(took.as_micros())?);
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<Value, Failure> {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.micros.sort_unstable();
        let at = |percent: usize| self.micros.get(self.micros.len() * percent / 100).copied();
        Ok(json!({"calls": self.micros.len(), "seconds": seconds, "p50_us": at(50), "p99_us": at(99)}))
    }
}
