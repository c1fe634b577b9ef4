//! Exact decimals and dollars.

use std::fmt;

use bigdecimal::{BigDecimal, RoundingMode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Number;

/// An exact decimal, at most nine digits after the point. It is written with at least one of them, as Harvest does.
///
/// Accounts hold thousands of them, so that it takes 16 bytes; it is read, added, rounded and written as a `BigDecimal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i64,
    scale: u32,
}

/// US dollars in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Micros(pub(crate) i64);

/// Digits after the point.
const MAX_SCALE: i64 = 9;
/// Digits before the point, which leave room for sums.
const MAX_WHOLE_DIGITS: i64 = 9;
/// Digits of an `i64`.
const MAX_INTEGER_DIGITS: i64 = 19;

impl Decimal {
    pub(crate) const ZERO: Self = Self { digits: 0, scale: 0 };

    pub(crate) fn new(digits: i64, scale: u32) -> Self {
        Self::kept(&BigDecimal::new(digits.into(), scale.into())).unwrap_or(Self::ZERO)
    }

    /// Reads a plain or exponential decimal text; nothing with more digits than can be kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // BigDecimal also takes a plus and underscores, which no number of JSON has.
        let mantissa = text.split(['e', 'E']).next()?;
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        if !unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return None;
        }
        let exact: BigDecimal = text.parse().ok()?;
        let (digits, scale) = exact.as_bigint_and_scale();
        i64::try_from(digits.as_ref()).ok()?;
        if digits.as_ref() == &0.into() {
            return Some(Self::ZERO);
        }
        // Looked at before anything is computed: an exponent alone may stand for more zeros than fit into memory.
        if !(-MAX_WHOLE_DIGITS..=MAX_SCALE + MAX_INTEGER_DIGITS).contains(&scale) {
            return None;
        }
        let exact = exact.normalized();
        let fits =
            exact.fractional_digit_count() <= MAX_SCALE && exact.order_of_magnitude() < MAX_WHOLE_DIGITS;
        if fits { Self::kept(&exact) } else { None }
    }

    /// Hours of an interval, rounded to two decimals.
    pub(crate) fn hours_of_seconds(seconds: i64) -> Self {
        Self::new((seconds.max(0) * 100 + 1800) / 3600, 2)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// The sum; what cannot be kept is not added.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self::kept(&(self.exact() + other.exact())).unwrap_or(self)
    }

    /// Rounded up to a quarter of an hour, the rounding that the seeded accounts are set to.
    pub(crate) fn rounded_up_to_quarter(self) -> Self {
        let quarters = self.exact().double().double().with_scale_round(0, RoundingMode::Ceiling);
        Self::kept(&quarters.half().half()).unwrap_or(self)
    }

    fn micros(self) -> Option<Micros> {
        let up = 6_u32.checked_sub(self.scale)?;
        self.digits.checked_mul(10_i64.pow(up)).map(Micros)
    }

    fn exact(self) -> BigDecimal {
        BigDecimal::new(self.digits.into(), self.scale.into())
    }

    /// Without zeros at its end; None where the digits are too many.
    fn kept(exact: &BigDecimal) -> Option<Self> {
        let exact = exact.normalized();
        let (digits, scale) = exact.with_scale(exact.fractional_digit_count().max(0)).into_bigint_and_scale();
        Some(Self { digits: digits.try_into().ok()?, scale: scale.try_into().ok()? })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exact().with_scale(self.scale.max(1).into()).to_plain_string())
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(&self.to_string()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Self::parse(&number.to_string()).ok_or_else(|| de::Error::custom("not an exact decimal"))
    }
}

impl Micros {
    /// Reads dollars; more than six digits after the point have no exact value here.
    pub(crate) fn parse_dollars(text: &str) -> Option<Self> {
        Decimal::parse(text)?.micros()
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Decimal::new(self.0, 6).to_string();
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(&self.to_string()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Self::parse_dollars(&number.to_string())
            .ok_or_else(|| de::Error::custom("not an amount in micro-dollars"))
    }
}

fn number(text: &str) -> Number {
    text.parse().unwrap_or_else(|_| Number::from(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_stay_exact() {
        for (input, output) in [
            ("1.5", "1.5"),
            ("1", "1.0"),
            ("2.110", "2.11"),
            ("1e1", "10.0"),
            ("15e-1", "1.5"),
            ("-0.25", "-0.25"),
        ] {
            assert_eq!(Decimal::parse(input).unwrap().to_string(), output);
        }
        for wrong in ["", ".", "1.5h", "--1", "1e99", "0.0000000001", "99999999999999999999"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
        let sum = Decimal::parse("0.1").unwrap().plus(Decimal::parse("0.2").unwrap());
        assert_eq!(sum.to_string(), "0.3");
    }

    #[test]
    fn hours_round_as_harvest_rounds_them() {
        let quarter = |text: &str| Decimal::parse(text).unwrap().rounded_up_to_quarter().to_string();
        assert_eq!(
            [quarter("2.11"), quarter("0.02"), quarter("1.5"), quarter("8")],
            ["2.25", "0.25", "1.5", "8.0"]
        );
        assert_eq!(Decimal::hours_of_seconds(5400).to_string(), "1.5");
        assert_eq!(Decimal::hours_of_seconds(17).to_string(), "0.0");
        assert_eq!(Decimal::hours_of_seconds(18).to_string(), "0.01");
    }

    #[test]
    fn dollars_are_whole_micros() {
        assert_eq!(Micros::parse_dollars("0.0064"), Some(Micros(6400)));
        assert_eq!(Micros(1_000_000_000).to_string(), "1000");
        assert_eq!(Micros(6400).to_string(), "0.0064");
        assert_eq!(Micros::parse_dollars("0.0000001"), None);
    }
}
