//! Money for people: micro-dollars as dollars, without floating point.

/// Micro-dollars as dollars, with at least two decimals.
pub fn usd(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let decimals = format!("{rest:06}");
    let decimals = decimals.trim_end_matches('0');
    format!("{sign}{whole}.{decimals:0<2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_written_without_floating_point() {
        for (micros, text) in [(0, "0.00"), (1, "0.000001"), (1_500_000, "1.50"), (-250_000, "-0.25")] {
            assert_eq!(usd(micros), text);
        }
        assert_eq!(usd(i64::MIN), "-9223372036854.775808");
    }
}
