//! When a call is repeated, and after how long.
use std::time::Duration;

use tokio::time::Instant;

use super::fault::{Effect, Fault};
use crate::Answer;

/// Longest pause before the first repeat; it doubles with each.
const MIN_BACKOFF: Duration = Duration::from_millis(200);
/// The same where the upstream has had enough and does not say for how long.
const THROTTLED_BACKOFF: Duration = Duration::from_secs(2);
/// Longest pause that is not asked for by the upstream.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// The repeats that a call has left.
pub(super) struct Retries {
    effect: Effect,
    left: u32,
    made: u32,
    cut_off: bool,
    end: Instant,
}

impl Retries {
    pub(super) fn new(effect: Effect, left: u32, end: Instant) -> Self {
        Self { effect, left, made: 0, cut_off: false, end }
    }

    /// How long to wait before the next repeat; nothing where there is none, or no time for it.
    pub(super) fn wait(&mut self, outcome: &Result<Answer, Fault>) -> Option<Duration> {
        if self.left == 0 || !self.helps(outcome) {
            return None;
        }
        let answer = outcome.as_ref().ok();
        let wait = match answer.and_then(|answer| answer.retry_after).filter(|asked| !asked.is_zero()) {
            Some(asked) => asked + jitter(MIN_BACKOFF, self.made),
            None if answer.is_some_and(|answer| answer.status == 429) => {
                THROTTLED_BACKOFF / 2 + jitter(THROTTLED_BACKOFF, self.made) / 2
            }
            None => jitter(MIN_BACKOFF, self.made),
        };
        if Instant::now() + wait >= self.end {
            return None;
        }
        self.left -= 1;
        self.made += 1;
        Some(wait)
    }

    fn helps(&mut self, outcome: &Result<Answer, Fault>) -> bool {
        let status = outcome.as_ref().map(|answer| answer.status);
        match (self.effect, status) {
            (Effect::Write, _) => false,
            // Neither was taken up, so that neither was billed.
            (Effect::Charged, Ok(status)) => status == 429,
            (Effect::Charged, Err(fault)) => matches!(fault, Fault::NotSent(_)),
            (Effect::Read, Ok(status)) => matches!(status, 429 | 500 | 502 | 503 | 504),
            // An answer that is cut off twice is the upstream's doing, not the network's.
            (Effect::Read, Err(Fault::CutOff(..))) => !std::mem::replace(&mut self.cut_off, true),
            (Effect::Read, Err(fault)) => matches!(fault, Fault::NotSent(_) | Fault::Reset(_)),
        }
    }
}

/// Full jitter: anything up to a bound that doubles, so that callers do not return together.
fn jitter(first: Duration, made: u32) -> Duration {
    let bound = first.saturating_mul(2_u32.saturating_pow(made)).min(MAX_BACKOFF);
    bound.mul_f64(rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_bound_that_doubles_and_ends() {
        for made in 0..40 {
            let bound = Duration::from_millis(200 * (1 << made.min(20))).min(MAX_BACKOFF);
            for _ in 0..100 {
                assert!(jitter(MIN_BACKOFF, made) <= bound);
            }
        }
    }
}
