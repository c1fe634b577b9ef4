//! Dollars as text and micro-dollars, without floats.
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};

use crate::decimal::Parts;

/// Digits that the micro-dollar adds after the point of a dollar.
const SCALE: i64 = 6;
/// Longest text that is read as money, in bytes.
const MAX_TEXT: usize = 256;
/// Largest power of ten at which an amount is not plainly nothing, or plainly too much.
const MAX_EXPONENT: i64 = 600;

/// Decimal text of dollars, also with an exponent, as micro-dollars rounded half up (towards positive infinity).
/// Nothing where the text is no number, or the result does not fit.
///
/// ```
/// use granary_formats::money::micros;
/// assert_eq!(micros("0.004"), Some(4_000));
/// assert_eq!(micros("4e-3"), Some(4_000));
/// assert_eq!(micros("0.0000005"), Some(1));
/// assert_eq!(micros("free"), None);
/// ```
pub fn micros(text: &str) -> Option<i64> {
    let half_up = |value: &BigDecimal| {
        let mode = if value < &BigDecimal::zero() { RoundingMode::HalfDown } else { RoundingMode::HalfUp };
        value.with_scale_round(SCALE, mode)
    };
    read(text, half_up)
}

/// What a caller allows, as micro-dollars, never rounded up: digits, or digits on both sides of a point, at most thirty
/// on each, and nothing else.
///
/// ```
/// use granary_formats::money::cap;
/// assert_eq!(cap("0.0000019"), Some(1));
/// assert_eq!(cap("1e3"), None);
/// assert_eq!(cap("-1"), None);
/// ```
pub fn cap(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |part: &str| (1..=30).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if is_plain(whole) && is_plain(fraction) {
        read(text, |value| value.with_scale_round(SCALE, RoundingMode::Down))
    } else {
        None
    }
}

/// Micro-dollars as exact decimal text of dollars, without zeros at its end.
pub fn dollars(micros: i64) -> String {
    BigDecimal::new(micros.into(), SCALE).normalized().to_plain_string()
}

fn read(text: &str, round: impl Fn(&BigDecimal) -> BigDecimal) -> Option<i64> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let parts = Parts::of(text)?;
    let is_zero = parts.whole.bytes().chain(parts.fraction.bytes()).all(|b| b == b'0');
    if is_zero || parts.exponent < -MAX_EXPONENT {
        return Some(0);
    }
    if parts.exponent > MAX_EXPONENT {
        return None;
    }
    (round(&parts.value()?) * BigDecimal::from(1_000_000)).to_i64()
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
    fn a_cap_is_plain_decimal_text_and_never_rounded_up() {
        assert_eq!(cap("0.0064"), Some(6_400));
        assert_eq!(cap("1"), Some(1_000_000));
        assert_eq!(cap("0.00639999999"), Some(6_399));
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", "1,5", " 1", "NaN", "inf", "$1", "١"] {
            assert_eq!(cap(bad), None, "{bad}");
        }
    }

    #[test]
    fn dollars_are_exact_text() {
        for (micros, text) in
            [(0, "0"), (1, "0.000001"), (4_000, "0.004"), (1_000_000, "1"), (20_000_000, "20")]
        {
            assert_eq!(dollars(micros), text);
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
