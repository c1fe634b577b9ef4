//! Dollars as text to micro-dollars, without floats.
use crate::decimal::parts;

/// Digits that the micro-dollar adds after the point of a dollar.
const SCALE: i64 = 6;

/// Decimal text of dollars, also with an exponent, as micro-dollars rounded half up (towards positive infinity).
/// Nothing where the text is no number, or the result does not fit.
///
/// ```
/// use granary_upstream::money::micros;
/// assert_eq!(micros("0.004"), Some(4_000));
/// assert_eq!(micros("4e-3"), Some(4_000));
/// assert_eq!(micros("0.0000005"), Some(1));
/// assert_eq!(micros("free"), None);
/// ```
pub fn micros(text: &str) -> Option<i64> {
    let parts = parts(text)?;
    let mut digits = parts.whole.bytes().chain(parts.fraction.bytes()).map(|b| b - b'0');
    // How many of the digits stand before the point of the result.
    let mut kept =
        i64::try_from(parts.whole.len()).ok()?.saturating_add(parts.exponent).saturating_add(SCALE);
    let mut size: i128 = 0;
    while kept > 0 {
        match digits.next() {
            Some(digit) => size = size * 10 + i128::from(digit),
            // Nothing but zeros follows: 0 stays 0 however many there are.
            None if size == 0 => break,
            None => size *= 10,
        }
        if size > i128::from(u64::MAX) {
            return None;
        }
        kept -= 1;
    }
    // A result point before the first digit leaves a fraction that begins with zeros.
    let first = if kept < 0 { 0 } else { digits.next().unwrap_or(0) };
    let up = if parts.negative { first > 5 || (first == 5 && digits.any(|d| d > 0)) } else { first >= 5 };
    let size = size + i128::from(up);
    i64::try_from(if parts.negative { -size } else { size }).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by schoolbook arithmetic on big integers, least digit first.
    mod model {
        pub(super) fn micros(negative: bool, digits: &str, point: i64) -> Option<i64> {
            // value = digits × 10^point; the result is floor((2 × digits × 10^(point + 6) + 1) / 2).
            let shift = point + 6;
            let mut big: Vec<u8> = digits.bytes().rev().map(|b| b - b'0').collect();
            let mut dropped: Vec<u8> = Vec::new();
            if shift >= 0 {
                big.splice(0..0, std::iter::repeat_n(0, usize::try_from(shift).unwrap()));
            } else {
                for _ in 0..-shift {
                    dropped.push(if big.is_empty() { 0 } else { big.remove(0) });
                }
            }
            let half = dropped.last().copied().unwrap_or(0);
            let more = dropped.iter().rev().skip(1).any(|&d| d > 0);
            let up = if negative { half > 5 || (half == 5 && more) } else { half >= 5 };
            let mut at = 0;
            let mut carry = u8::from(up);
            while carry > 0 {
                if at == big.len() {
                    big.push(0);
                }
                big[at] += carry;
                carry = u8::from(big[at] == 10);
                if carry == 1 {
                    big[at] = 0;
                }
                at += 1;
            }
            let text: String = big.iter().rev().map(|d| char::from(b'0' + d)).collect();
            let text = text.trim_start_matches('0');
            let text = if text.is_empty() { "0" } else { text };
            format!("{}{text}", if negative { "-" } else { "" }).parse().ok()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn equals_the_big_integer_model(
            negative: bool,
            whole in "[0-9]{0,24}",
            fraction in "[0-9]{0,24}",
            exponent in proptest::option::of(-40i64..40),
        ) {
            prop_assume!(!whole.is_empty() || !fraction.is_empty());
            let sign = if negative { "-" } else { "" };
            let tail = exponent.map(|e| format!("e{e}")).unwrap_or_default();
            let text = format!("{sign}{whole}.{fraction}{tail}");
            let point = exponent.unwrap_or(0) - i64::try_from(fraction.len()).unwrap();
            prop_assert_eq!(micros(&text), model::micros(negative, &format!("{whole}{fraction}"), point), "{}", text);
        }
    }

    #[test]
    fn bounds_halves_and_huge_exponents() {
        for (text, expected) in [
            ("9223372036854.775807", Some(i64::MAX)),
            ("9223372036854.7758074", Some(i64::MAX)),
            ("9223372036854.7758075", None),
            ("-9223372036854.775808", Some(i64::MIN)),
            ("-9223372036854.7758086", None),
            ("0.0000004999", Some(0)),
            ("-0.0000005", Some(0)),
            ("-0.00000051", Some(-1)),
            ("0e999999999999999999999", Some(0)),
            ("1e999999999999999999999", None),
            ("9e-999999999999999999999", Some(0)),
            ("", None),
            (".", None),
            ("1 ", None),
            ("1,5", None),
            ("0x1", None),
            ("inf", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
