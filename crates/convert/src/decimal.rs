//! Exact decimals, as text and compared digit by digit; never a float.
use std::cmp::Ordering;

/// Longest text of a decimal, in bytes.
pub(crate) const MAX_TEXT: usize = 64;
/// Largest power of ten that a text may be scaled by, either way.
const MAX_EXPONENT: i32 = 30;

/// A decimal for comparing: ±0.DIGITS × 10^exponent, without zeros at either end of the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i32,
}

/// The parts of a decimal's text, as written.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i32,
    exponent_text: &'a str,
}

/// Reads a decimal: optional sign, digits with an optional point, optional exponent.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let parts = split(text)?;
    let all: Vec<u8> = parts.whole.bytes().chain(parts.fraction.bytes()).map(|b| b - b'0').collect();
    let Some(first) = all.iter().position(|&d| d != 0) else {
        return Some(Decimal { negative: false, digits: Vec::new(), exponent: 0 });
    };
    let last = all.iter().rposition(|&d| d != 0)?;
    let exponent = i32::try_from(parts.whole.len()).ok()? - i32::try_from(first).ok()? + parts.exponent;
    Some(Decimal { negative: parts.negative, digits: all.get(first..=last)?.to_vec(), exponent })
}

/// The same decimal in the grammar of a JSON number, with the digits of the text.
pub(crate) fn json_text(text: &str) -> Option<String> {
    let parts = split(text)?;
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
pub(crate) fn rounded(text: &str, places: u32) -> Option<String> {
    let parts = split(text)?;
    let digits: Vec<u8> = parts.whole.bytes().chain(parts.fraction.bytes()).map(|b| b - b'0').collect();
    let places = usize::try_from(places).ok()?;
    let after = i32::try_from(parts.fraction.len()).ok()? - parts.exponent;
    let zeros = digits.iter().rev().take_while(|d| **d == 0).count();
    // Zeros at the end say nothing, and may stay.
    let over = usize::try_from(after).ok()?.checked_sub(places);
    let over = over.filter(|over| *over > zeros && zeros < digits.len())?;
    let kept = digits.get(..digits.len().saturating_sub(over)).unwrap_or_default();
    let mut kept: Vec<u8> =
        std::iter::repeat_n(0, (places + 1).saturating_sub(kept.len())).chain(kept.iter().copied()).collect();
    let rest = digits.get(digits.len().saturating_sub(over)..).unwrap_or_default();
    if over <= digits.len() && above_half(rest, kept.last().is_some_and(|d| d % 2 == 1)) {
        increase(&mut kept);
    }
    let (whole, fraction) = kept.split_at_checked(kept.len() - places)?;
    let text = |digits: &[u8]| digits.iter().map(|d| char::from(b'0' + d)).collect::<String>();
    let (whole, fraction) = (text(whole), text(fraction));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let sign = if parts.negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Whether what is left off counts as one more: above a half, or a half after an odd digit.
fn above_half(rest: &[u8], odd: bool) -> bool {
    let Some((first, others)) = rest.split_first() else { return false };
    *first > 5 || (*first == 5 && (odd || others.iter().any(|d| *d != 0)))
}

/// Adds one to the last digit.
fn increase(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        *digit = (*digit + 1) % 10;
        if *digit != 0 {
            return;
        }
    }
    digits.insert(0, 1);
}

fn split(text: &str) -> Option<Parts<'_>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (significand, exponent_text) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let exponent = match exponent_text {
        Some(digits) => digits.parse::<i32>().ok().filter(|e| e.abs() <= MAX_EXPONENT)?,
        None => 0,
    };
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Parts { negative, whole, fraction, exponent, exponent_text: exponent_text.unwrap_or("") })
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (a, b) if a != b => a.cmp(&b),
            (-1, _) => other.magnitude(self),
            _ => self.magnitude(other),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Decimal {
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
    }

    /// The value where it is whole and fits.
    pub(crate) fn whole(&self) -> Option<i128> {
        let zeros = usize::try_from(self.exponent).ok()?.checked_sub(self.digits.len())?;
        let mut value: i128 = 0;
        for digit in self.digits.iter().copied().chain(std::iter::repeat_n(0, zeros)) {
            value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        Some(if self.negative { -value } else { value })
    }
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
        assert_eq!(parse("12345678.0").and_then(|d| d.whole()), Some(12_345_678));
        assert_eq!(parse("1.2e1").and_then(|d| d.whole()), Some(12));
        assert_eq!(parse("0.0").and_then(|d| d.whole()), Some(0));
        assert_eq!(parse("1.5").and_then(|d| d.whole()), None);
    }
}
