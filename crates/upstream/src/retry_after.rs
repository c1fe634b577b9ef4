//! The `Retry-After` header: seconds, or an HTTP date.
use std::time::Duration;

use jiff::Timestamp;

/// What an upstream may ask for at most; anything longer is taken as this.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// How long to wait, counted from `now`; nothing where the value is neither form.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_bounded() {
        let now: Timestamp = "2026-03-31T08:00:00Z".parse().unwrap();
        let wait = |text| parse(text, now);
        assert_eq!(wait("15"), Some(Duration::from_secs(15)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        assert_eq!(wait("99999999999999999999999"), Some(LONGEST));
        assert_eq!(wait("Tue, 31 Mar 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Tue, 31 Mar 2026 07:00:00 GMT"), Some(Duration::ZERO));
        for bad in ["", "-1", "1.5", "soon", "15s"] {
            assert_eq!(wait(bad), None, "{bad}");
        }
    }
}
