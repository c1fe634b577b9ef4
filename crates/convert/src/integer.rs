//! Integers of every width, between JSON's texts and protobuf's values.
use prost_reflect::Value as Dynamic;

use granary_formats::decimal;

/// Largest magnitude up to which every integer is exact in a double.
pub(crate) const EXACT: i128 = 1 << 53;

/// How an integer field is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Width {
    /// 32 or 64 bits.
    pub(crate) long: bool,
    /// Whether it takes negative values.
    pub(crate) signed: bool,
}

impl Width {
    /// Smallest and largest value.
    pub(crate) fn range(self) -> (i128, i128) {
        match (self.long, self.signed) {
            (false, true) => (i32::MIN.into(), i32::MAX.into()),
            (false, false) => (0, u32::MAX.into()),
            (true, true) => (i64::MIN.into(), i64::MAX.into()),
            (true, false) => (0, u64::MAX.into()),
        }
    }

    /// The value as a field of that width, where it fits.
    pub(crate) fn dynamic(self, value: i128) -> Option<Dynamic> {
        match (self.long, self.signed) {
            (false, true) => value.try_into().ok().map(Dynamic::I32),
            (false, false) => value.try_into().ok().map(Dynamic::U32),
            (true, true) => value.try_into().ok().map(Dynamic::I64),
            (true, false) => value.try_into().ok().map(Dynamic::U64),
        }
    }
}

/// The integer in a field.
pub(crate) fn of(value: &Dynamic) -> Option<i128> {
    match value {
        Dynamic::I32(v) => Some((*v).into()),
        Dynamic::I64(v) => Some((*v).into()),
        Dynamic::U32(v) => Some((*v).into()),
        Dynamic::U64(v) => Some((*v).into()),
        _ => None,
    }
}

/// Reads what a caller wrote as text: digits, and a fraction of zeros at most.
pub(crate) fn strict(text: &str) -> Option<i128> {
    if text.contains(['e', 'E', '+']) { None } else { decimal::whole(&decimal::parse(text)?) }
}

/// Reads a number that a caller wrote. One with an exponent is a double, as some languages write those of ten million and
/// more; beyond 2^53 it may have lost digits, and an id must not be guessed from it.
pub(crate) fn number(text: &str) -> Option<i128> {
    let whole = || decimal::whole(&decimal::parse(text)?);
    if is_double(text) { whole().filter(|value| value.abs() < EXACT) } else { whole() }
}

/// Whether a number has an exponent.
pub(crate) fn is_double(number: &str) -> bool {
    number.contains(['e', 'E'])
}

/// Reads what upstream wrote. A text that would not read back, such as "007", is no integer.
pub(crate) fn lenient(text: &str, quoted: bool) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if quoted && (padded || text.starts_with(['+', '.'])) {
        return None;
    }
    decimal::whole(&decimal::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_write_integers_in_three_ways() {
        assert_eq!(strict("12345678"), Some(12_345_678));
        assert_eq!(strict("12345678.0"), Some(12_345_678));
        assert_eq!(strict("-9223372036854775808"), Some(i64::MIN.into()));
        for bad in ["1.5", "1e3", "", "abc", "1 ", "+1", "0x10"] {
            assert_eq!(strict(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_double_is_an_integer_while_its_digits_are_certain() {
        for (text, expected) in [
            ("1.2345678E7", Some(12_345_678)),
            ("-1e3", Some(-1_000)),
            ("9.007199254740991e+15", Some(EXACT - 1)),
            ("9.007199254740992e15", None),
            ("7.44e18", None),
            ("1e999999999", None),
            ("1.5e0", None),
            ("9007199254740993", Some(EXACT + 1)),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn an_upstream_text_with_leading_zeros_stays_text() {
        assert_eq!(lenient("007", true), None);
        assert_eq!(lenient("0", true), Some(0));
        assert_eq!(lenient("1e2", false), Some(100));
    }

    #[test]
    fn widths_have_ends() {
        let int32 = Width { long: false, signed: true };
        assert!(int32.dynamic(i128::from(i32::MAX)).is_some());
        assert!(int32.dynamic(i128::from(i32::MAX) + 1).is_none());
        let uint64 = Width { long: true, signed: false };
        assert!(uint64.dynamic(-1).is_none() && uint64.dynamic(u64::MAX.into()).is_some());
    }
}
