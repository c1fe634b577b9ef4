//! Calendar days, moments and durations as texts.
use jiff::{Timestamp, civil};

/// Seconds of the first and the last moment that protobuf knows: years 1 to 9999.
const MOMENTS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Longest duration that protobuf knows, in seconds: about 10,000 years.
const MAX_SECONDS: i64 = 315_576_000_000;

/// Year, month and day of "YYYY-MM-DD", where that day exists.
pub(crate) fn parse_date(text: &str) -> Option<(i32, i32, i32)> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i32>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    date_text(year, month, day).map(|_| (year, month, day))
}

/// "YYYY-MM-DD", where that day exists.
pub(crate) fn date_text(year: i32, month: i32, day: i32) -> Option<String> {
    let (y, m, d) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
    if !(1..=9999).contains(&year) {
        return None;
    }
    civil::Date::new(y, m, d).ok()?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// Seconds since 1970 and nanoseconds of an RFC 3339 text.
pub(crate) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    // A zone in brackets is an extension that would be lost.
    if text.len() > 64 || text.contains('[') {
        return None;
    }
    let moment: Timestamp = text.parse().ok()?;
    let (mut seconds, mut nanos) = (moment.as_second(), moment.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    MOMENTS.contains(&seconds).then_some((seconds, nanos))
}

/// The RFC 3339 text in UTC, where the moment is one that protobuf knows.
pub(crate) fn timestamp_text(seconds: i64, nanos: i32) -> Option<String> {
    if !MOMENTS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return None;
    }
    Timestamp::new(seconds, nanos).ok().map(|t| t.to_string())
}

/// Seconds and nanoseconds of a text such as "1.5s".
pub(crate) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits =
        |s: &str, most: usize| !s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 12) || !digits(fraction, 9) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    let sign = if negative { -1 } else { 1 };
    let parts = (seconds * i64::from(sign), nanos * sign);
    valid_duration(parts.0, parts.1).then_some(parts)
}

/// The text of a duration, such as "1.5s".
pub(crate) fn duration_text(seconds: i64, nanos: i32) -> Option<String> {
    if !valid_duration(seconds, nanos) {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let fraction = format!("{:09}", nanos.unsigned_abs());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{}{point}{fraction}s", seconds.unsigned_abs()))
}

/// Whether protobuf knows the duration.
pub(crate) fn valid_duration(seconds: i64, nanos: i32) -> bool {
    let agree = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    agree && seconds.abs() <= MAX_SECONDS && nanos.abs() < 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_are_days() {
        assert_eq!(parse_date("2028-02-29"), Some((2028, 2, 29)));
        for bad in [
            "2026-02-29",
            "0000-01-01",
            "2026-1-01",
            "2026-13-01",
            "20260331",
            "2026-03-31T00:00:00Z",
            "２026-03-1",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(date_text(7, 1, 2).as_deref(), Some("0007-01-02"));
        assert_eq!(date_text(2026, 3, 0), None);
    }

    #[test]
    fn moments_read_back() {
        for text in ["2026-03-31T14:02:11Z", "1969-12-31T23:59:59.25Z", "0001-01-01T00:00:00Z"] {
            let (seconds, nanos) = parse_timestamp(text).unwrap();
            assert_eq!(timestamp_text(seconds, nanos).as_deref(), Some(text));
        }
        assert_eq!(parse_timestamp("2026-03-31T16:02:11+02:00"), parse_timestamp("2026-03-31T14:02:11Z"));
        for bad in ["2026-03-31", "2026-03-31T14:02:11", "2026-03-31T14:02:11+02:00[Europe/Paris]", "now"] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
        }
        assert_eq!(timestamp_text(0, -1), None);
    }

    #[test]
    fn durations_read_back() {
        for text in ["0s", "1.5s", "-0.25s", "315576000000s"] {
            let (seconds, nanos) = parse_duration(text).unwrap();
            assert_eq!(duration_text(seconds, nanos).as_deref(), Some(text));
        }
        for bad in ["1", "s", "1.s", ".5s", "1e3s", "315576000001s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
