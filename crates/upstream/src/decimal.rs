//! Decimal text, taken apart without floats.

/// A decimal number as its parts: sign, digits without the point, and where the point stands.
pub(crate) struct Parts<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a str,
    pub(crate) fraction: &'a str,
    /// The power of ten; saturated, as no use of it needs more.
    pub(crate) exponent: i64,
}

/// Reads "-12.50", ".5", "1e-3" and the like; at least one digit is needed.
pub(crate) fn parts(text: &str) -> Option<Parts<'_>> {
    let (negative, text) = sign(text);
    let (significand, exponent) = match text.split_once(['e', 'E']) {
        Some((significand, exponent)) => (significand, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    Some(Parts { negative, whole, fraction, exponent })
}

/// The same number in JSON's grammar, with its digits kept. Empty text is 0, as `google.type.Decimal` has it.
pub(crate) fn json(text: &str) -> Option<serde_json::Number> {
    if text.is_empty() {
        return "0".parse().ok();
    }
    let parts = parts(text)?;
    let whole = match parts.whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let sign = if parts.negative { "-" } else { "" };
    let point = if parts.fraction.is_empty() { "" } else { "." };
    let exponent = text.find(['e', 'E']).map_or("", |at| &text[at..]);
    format!("{sign}{whole}{point}{}{exponent}", parts.fraction).parse().ok()
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
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
    fn json_numbers_keep_the_digits() {
        for (text, expected) in [
            ("1.50", "1.50"),
            ("+2", "2"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-007.10", "-7.10"),
            ("", "0"),
            ("0", "0"),
            ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
        ] {
            assert_eq!(json(text).unwrap().to_string(), expected, "{text}");
        }
        assert!(json("2.5E+8").unwrap().to_string().eq_ignore_ascii_case("2.5e+8"));
        for bad in [".", "1,5", "1e", "e5", "NaN", "0x10", " 1", "1.2.3", "--1", "1e5.0", "١"] {
            assert!(json(bad).is_none(), "{bad}");
        }
    }
}
