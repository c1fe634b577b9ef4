//! Durations as people write them: a number and a unit.
use std::time::Duration;

/// Units with their length in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Longest duration, about ten years.
const MAX_TTL: Duration = Duration::from_secs(3_660 * 86_400);

/// Parses a duration such as "30s" or "30d".
pub fn parse(text: &str) -> Result<Duration, String> {
    let fault = || format!("must be a number with a unit ({}), such as 30s or 30d", units());
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| fault())?;
    let length = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length).ok_or_else(fault)?;
    let duration = number.checked_mul(length).map(Duration::from_millis).filter(|d| *d <= MAX_TTL);
    match duration {
        None => Err("must be at most 3660d".to_owned()),
        Some(Duration::ZERO) => Err("must be more than zero".to_owned()),
        Some(duration) => Ok(duration),
    }
}

fn units() -> String {
    UNITS.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("30s", 30), ("2m", 120), ("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in
            ["", "s", "30", "-1s", "1.5h", "30 s", "30S", "0s", "3661d", "99999999999999999999s", "1y", "١s"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
