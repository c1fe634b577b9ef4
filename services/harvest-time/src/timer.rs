//! Timers on another day than the one on which they run: Harvest adds what they measure to the entry's own day.
use granary_proto::google::r#type::Date;
use granary_proto::granary::harvest::v1::TimeEntry;
use granary_proto::granary::types::v1::Warning;
use prost_types::Timestamp;

/// The code of the warning.
const ANOTHER_DAY: &str = "TIMER_ON_ANOTHER_DAY";
const HOUR: i64 = 3_600;
/// Seconds by which a day begins before the same day of UTC, where it begins first, and ends after it, where it ends last.
const EARLIEST: i64 = 14 * HOUR;
const LATEST: i64 = 12 * HOUR;

/// A warning where a timer was started on a day that is not the entry's own anywhere on earth.
pub(crate) fn warning(entry: Option<&TimeEntry>) -> Option<Warning> {
    let entry = entry.filter(|entry| entry.is_running == Some(true))?;
    let started = entry.timer_started_at.or(entry.updated_at)?.seconds;
    let begin = midnight(entry.spent_date?)?;
    let is_that_day = (begin - EARLIEST..begin + 24 * HOUR + LATEST).contains(&started);
    (!is_that_day).then(|| Warning {
        code: ANOTHER_DAY.to_owned(),
        message: "a timer runs now, and its time counts for the spent_date of the entry; stop_timer ends it"
            .to_owned(),
        field: "spent_date".to_owned(),
    })
}

/// Seconds at the beginning of a day of UTC.
fn midnight(day: Date) -> Option<i64> {
    let (month, day_of_month) = (u8::try_from(day.month).ok()?, u8::try_from(day.day).ok()?);
    Some(Timestamp::date(day.year.into(), month, day_of_month).ok()?.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(at: &str, is_running: bool) -> TimeEntry {
        TimeEntry {
            spent_date: Some(Date { year: 2026, month: 3, day: 17 }),
            timer_started_at: Some(at.parse().unwrap()),
            is_running: Some(is_running),
            ..TimeEntry::default()
        }
    }

    #[test]
    fn a_timer_on_the_day_of_any_time_zone_is_usual_and_on_another_day_is_told() {
        for at in ["2026-03-16T10:00:00Z", "2026-03-17T15:04:05Z", "2026-03-18T11:59:59Z"] {
            assert_eq!(warning(Some(&started(at, true))), None, "{at}");
        }
        for at in ["2026-03-16T09:59:59Z", "2026-03-18T12:00:00Z", "2027-03-17T12:00:00Z"] {
            assert_eq!(warning(Some(&started(at, true))).unwrap().code, ANOTHER_DAY, "{at}");
            assert_eq!(warning(Some(&started(at, false))), None, "it does not run");
        }
        let without = TimeEntry { timer_started_at: None, ..started("2026-03-20T00:00:00Z", true) };
        assert_eq!(warning(Some(&without)), None, "nobody says when");
        let updated = TimeEntry { updated_at: Some("2026-03-20T00:00:00Z".parse().unwrap()), ..without };
        assert!(warning(Some(&updated)).is_some());
        assert_eq!(warning(None), None);
    }
}
