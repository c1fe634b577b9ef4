//! How many requests a credential may make.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{Complaint, Fields};

/// So many requests in so many seconds, counted in windows that start with the first request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rate {
    pub(crate) requests: u64,
    pub(crate) seconds: u64,
    #[serde(skip)]
    window: Option<(Instant, u64)>,
}

impl Rate {
    /// Reads the field `rate`: absent, null for no limit, or the limit.
    pub(crate) fn parse(fields: &mut Fields) -> Result<Option<Option<Self>>, Complaint> {
        let mut inner = match fields.raw("rate") {
            None => return Ok(None),
            Some(Value::Null) => return Ok(Some(None)),
            Some(Value::Object(map)) => Fields::of(map),
            Some(_) => {
                return Err(Complaint::new("rate", "must be null or {\"requests\": n, \"seconds\": n}"));
            }
        };
        let missing = |name| Complaint::new(name, "is needed in rate, and above 0");
        let requests = inner.integer("requests")?.ok_or_else(|| missing("requests"))?;
        let seconds = inner.integer("seconds")?.filter(|n| *n > 0).ok_or_else(|| missing("seconds"))?;
        inner.finish()?;
        Ok(Some(Some(Self::new(requests, seconds))))
    }

    pub(crate) fn new(requests: u64, seconds: u64) -> Self {
        Self { requests, seconds, window: None }
    }

    /// Counts one request; when it is one too many, the whole seconds until the window ends.
    pub(crate) fn count(&mut self, now: Instant) -> Option<u64> {
        let length = Duration::from_secs(self.seconds);
        let (start, used) = match self.window {
            Some((start, used)) if now.duration_since(start) < length => (start, used),
            _ => (now, 0),
        };
        if used < self.requests {
            self.window = Some((start, used + 1));
            return None;
        }
        let left = length.saturating_sub(now.duration_since(start));
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_so_many_through() {
        let mut rate = Rate::new(2, 15);
        let start = Instant::now();
        assert_eq!(rate.count(start), None);
        assert_eq!(rate.count(start), None);
        assert_eq!(rate.count(start + Duration::from_millis(100)), Some(15));
        assert_eq!(rate.count(start + Duration::from_secs(14)), Some(1));
        assert_eq!(rate.count(start + Duration::from_secs(15)), None);
    }
}
