//! When a connection's time is over: it is idle, or old, or the process ends.
use std::time::Duration;

use tokio::time::Instant;

use super::listening::Listening;

/// At the end, how long a caller without a call may take to answer the last ping.
pub(super) const FAREWELL_TIMEOUT: Duration = Duration::from_millis(300);

/// When a connection's time is over.
pub(super) struct Turn {
    pub(super) ending: bool,
    /// A call has begun since the timer last ran.
    pub(super) used: bool,
    idle: Option<Duration>,
    idle_since: Instant,
    too_old: Option<Instant>,
    pub(super) next: Instant,
}

pub(super) enum Over {
    No,
    Farewell(&'static str),
    Close,
}

impl Turn {
    pub(super) fn new(listening: &Listening) -> Self {
        let limits = &listening.limits;
        let set = |ms: u64| (ms != 0 && listening.is_public).then(|| Duration::from_millis(ms));
        let now = Instant::now();
        let age = set(limits.max_connection_age_ms).map(|age| age.mul_f64(rand::random_range(0.9..1.1)));
        let mut turn = Self {
            ending: false,
            used: false,
            idle: set(limits.idle_timeout_ms),
            idle_since: now,
            too_old: age.map(|age| now + age),
            next: now,
        };
        turn.next = turn.wake_at(now);
        turn
    }

    /// What the timer found, and when it is to look again.
    pub(super) fn over(&mut self, is_without_calls: bool) -> Over {
        let now = Instant::now();
        if std::mem::take(&mut self.used) || !is_without_calls {
            self.idle_since = now;
        }
        if self.ending {
            self.next = now + FAREWELL_TIMEOUT;
            return if is_without_calls { Over::Close } else { Over::No };
        }
        let is_idle = self.idle.is_some_and(|idle| now >= self.idle_since + idle);
        let is_old = self.too_old.is_some_and(|at| now >= at);
        if is_idle || is_old {
            self.next = now + FAREWELL_TIMEOUT;
            return Over::Farewell(if is_idle { "idle" } else { "age" });
        }
        self.next = self.wake_at(now);
        Over::No
    }

    fn wake_at(&self, now: Instant) -> Instant {
        let day = now + Duration::from_secs(86_400);
        let idle = self.idle.map_or(day, |idle| self.idle_since + idle);
        self.too_old.map_or(idle, |old| old.min(idle))
    }
}
