//! Exact decimals, as text and compared digit by digit; never a float.
use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};

/// Longest text of a decimal, in bytes.
pub const MAX_TEXT: usize = 64;
/// Largest power of ten that a text may be scaled by, either way.
const MAX_EXPONENT: i64 = 30;

/// The parts of a decimal's text, as written.
pub(crate) struct Parts<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a str,
    pub(crate) fraction: &'a str,
    /// The power of ten; saturated, as no use of it needs more.
    pub(crate) exponent: i64,
    exponent_text: &'a str,
}

/// Reads a decimal: optional sign, digits with an optional point, optional exponent. `None` where it is none, is longer than
/// [`MAX_TEXT`], or scaled by more than 30 digits.
pub fn parse(text: &str) -> Option<BigDecimal> {
    bounded(text)?.value()
}

/// The same decimal in the grammar of a JSON number, with the digits of the text.
pub fn json_text(text: &str) -> Option<String> {
    let parts = bounded(text)?;
    let whole = parts.whole.trim_start_matches('0');
    let mut out = String::with_capacity(text.len() + 2);
    if parts.negative {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !parts.fraction.is_empty() {
        out.push('.');
        out.push_str(parts.fraction);
    }
    if !parts.exponent_text.is_empty() {
        out.push('e');
        out.push_str(parts.exponent_text);
    }
    Some(out)
}

/// The decimal with this many digits after the point, rounded half to even; nothing where it has no more than that.
pub fn rounded(text: &str, places: u32) -> Option<String> {
    let value = parse(text)?;
    let rounded = value.with_scale_round(i64::from(places), RoundingMode::HalfEven);
    (rounded != value).then(|| rounded.normalized().to_plain_string())
}

/// The value where it is whole and fits.
pub fn whole(value: &BigDecimal) -> Option<i128> {
    if value.is_integer() { value.to_i128() } else { None }
}

fn bounded(text: &str) -> Option<Parts<'_>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    Parts::of(text).filter(|parts| parts.exponent.abs() <= MAX_EXPONENT)
}

impl<'a> Parts<'a> {
    /// Takes "-12.50", ".5", "1e-3" and the like apart; at least one digit is needed.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = sign(text);
        let (significand, exponent, exponent_text) = match unsigned.split_once(['e', 'E']) {
            Some((significand, text)) => (significand, exponent(text)?, text),
            None => (unsigned, 0, ""),
        };
        let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Self { negative, whole, fraction, exponent, exponent_text })
    }

    /// The number, whose text and exponent the caller has bounded.
    pub(crate) fn value(&self) -> Option<BigDecimal> {
        let digits = BigInt::from_str(&format!("{}{}", self.whole, self.fraction)).ok()?;
        if digits.is_zero() {
            return Some(BigDecimal::zero());
        }
        let digits = if self.negative { -digits } else { digits };
        Some(BigDecimal::new(digits, i64::try_from(self.fraction.len()).ok()? - self.exponent))
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_exactly() {
        let order =
            ["-24.01", "-24", "-1e-3", "0", "1E-30", "0.1", "0.10000000000000000001", "2", "11", "2e1"];
        for pair in order.windows(2) {
            assert!(parse(pair[0]) < parse(pair[1]), "{pair:?}");
        }
        assert_eq!(parse("1.50"), parse("+015e-1"));
        assert_eq!(parse("-0.0"), parse("0"));
    }

    #[test]
    fn texts_become_json_numbers_with_their_digits() {
        for (text, json) in [
            ("1.10", "1.10"),
            ("+2.5", "2.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("007", "7"),
            ("2.5E8", "2.5e8"),
            ("-0", "-0"),
        ] {
            assert_eq!(json_text(text).as_deref(), Some(json));
            assert!(json.parse::<serde_json::Number>().is_ok());
        }
        for bad in ["", "-", ".", "1e", "1e31", "1e-31", "1,5", "0x1", "1.2.3", " 1", "NaN", "1e+", "--1"] {
            assert_eq!(json_text(bad), None, "{bad}");
        }
        assert_eq!(json_text(&"1".repeat(65)), None);
    }

    #[test]
    fn rounding_is_half_to_even_and_leaves_what_fits() {
        for (text, expected) in [
            ("1.3333333333333333", "1.333333333"),
            ("0.30000000000000004", "0.3"),
            ("23.9999999999", "24"),
            ("-9.9999999999", "-10"),
            ("0.0000000005", "0"),
            ("0.0000000015", "0.000000002"),
            ("0.0000000025", "0.000000002"),
            ("0.00000000250000001", "0.000000003"),
            ("15e-10", "0.000000002"),
            ("1e-30", "0"),
            ("-1e-30", "0"),
            ("12345.6789012345", "12345.678901234"),
            ("+.99999999999", "1"),
        ] {
            assert_eq!(rounded(text, 9).as_deref(), Some(expected), "{text}");
            assert_eq!(rounded(expected, 9), None);
        }
        for kept in ["1.5", "1.50000000000000", "1.333333333", "24", "0", "1e9", "123456789e-9", "x", ""] {
            assert_eq!(rounded(kept, 9), None, "{kept}");
        }
    }

    #[test]
    fn whole_values_are_found() {
        assert_eq!(parse("12345678.0").and_then(|d| whole(&d)), Some(12_345_678));
        assert_eq!(parse("1.2e1").and_then(|d| whole(&d)), Some(12));
        assert_eq!(parse("0.0").and_then(|d| whole(&d)), Some(0));
        assert_eq!(parse("1.5").and_then(|d| whole(&d)), None);
    }
}
