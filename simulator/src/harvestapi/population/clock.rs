//! When rows were posted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// The clock of a sandbox. Each row has an age that never changes; ages count back from here. That is the minute in which
/// the sandbox started, moved on by whole days, so that `24h` finds something on every day of a long run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: i64,
}

/// The moment from which the ages of rows count back, in milliseconds since 1970, and the real one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    anchor: i64,
    pub(crate) real: i64,
}

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 1440 * MINUTE;
/// Links to pictures end then; far away, so that rows stay the same from call to call.
pub(crate) const PICTURES_EXPIRE: i64 = 1_924_992_000_000;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Timestamp::now().as_millisecond() / MINUTE * MINUTE }
    }

    pub(crate) fn now(self) -> Now {
        let real = Timestamp::now().as_millisecond();
        Now { anchor: self.started + (real - self.started).max(0) / DAY * DAY, real }
    }
}

impl Now {
    /// When something of that age happened.
    pub(crate) fn ago(self, minutes: u64) -> i64 {
        self.anchor - i64::try_from(minutes).unwrap_or(0) * MINUTE
    }

    /// Whether that moment lies within a limit such as `24h` or `3months`; a limit that is not known holds nothing back.
    pub(crate) fn within(self, limit: &str, moment: i64) -> bool {
        let span = match limit {
            "1h" => 60 * MINUTE,
            "24h" => DAY,
            "week" => 7 * DAY,
            "month" => 30 * DAY,
            "3months" => 91 * DAY,
            "6months" => 182 * DAY,
            "year" => 365 * DAY,
            _ => return true,
        };
        moment >= self.real - span
    }

    /// Year and month (1 to 12) that many months ago.
    pub(crate) fn months_ago(self, months: u64) -> (u64, u64) {
        let date =
            Timestamp::from_millisecond(self.anchor).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let year = u64::try_from(date.year()).unwrap_or(2026);
        let all = year * 12 + u64::try_from(date.month()).unwrap_or(1) - 1 - months;
        (all / 12, all % 12 + 1)
    }

    /// The same as profiles show it.
    pub(crate) fn date_part(self, months: u64) -> Value {
        let (year, month) = self.months_ago(months);
        let name = MONTHS[usize::try_from(month - 1).unwrap_or(0) % 12];
        json!({"month": name, "year": year, "text": format!("{name} {year}")})
    }
}

/// RFC 3339 with milliseconds, as upstream writes it.
pub(crate) fn written(moment: i64) -> String {
    Timestamp::from_millisecond(moment).map(|moment| format!("{moment:.3}")).unwrap_or_default()
}

/// Only the day, `YYYY-MM-DD`.
pub(crate) fn day(moment: i64) -> String {
    written(moment).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_upstream_does() {
        assert_eq!(written(1_774_944_000_000), "2026-03-31T08:00:00.000Z");
        assert_eq!(day(1_774_944_000_000), "2026-03-31");
        let now = Now { anchor: 1_774_944_000_000, real: 1_774_944_000_000 };
        assert_eq!((now.months_ago(0), now.months_ago(3)), ((2026, 3), (2025, 12)));
        assert!(now.within("24h", now.ago(1440)) && !now.within("24h", now.ago(1441)));
    }
}
