//! The `Retry-After` header: seconds, or an HTTP date.
use std::time::Duration;

use jiff::Timestamp;

/// What an upstream may ask for at most; anything longer is taken as this.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(24 * 3_600);

/// How long to wait, counted from `now`; nothing where the value is neither form, or a date that is not to come.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(MAX_RETRY_DELAY));
    }
    let wait = Duration::try_from(date(value)?.duration_since(now)).ok()?;
    (!wait.is_zero()).then_some(wait.min(MAX_RETRY_DELAY))
}

/// A date as HTTP writes it.
pub(crate) fn date(value: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp())
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
        assert_eq!(wait("99999999999999999999999"), Some(MAX_RETRY_DELAY));
        assert_eq!(wait("Tue, 31 Mar 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        for bad in
            ["Tue, 31 Mar 2026 08:00:00 GMT", "Tue, 31 Mar 2026 07:00:00 GMT", "", "-1", "1.5", "soon", "15s"]
        {
            assert_eq!(wait(bad), None, "{bad}");
        }
    }
}
