//! Exact decimals and dollars.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Number;

/// An exact decimal, at most nine digits after the point. It is written with at least one of them, as Harvest does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i64,
    scale: u32,
}

/// US dollars in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Micros(pub(crate) i64);

impl Decimal {
    pub(crate) const ZERO: Self = Self { digits: 0, scale: 0 };

    pub(crate) const fn new(digits: i64, scale: u32) -> Self {
        let mut decimal = Self { digits, scale };
        while decimal.scale > 0 && decimal.digits % 10 == 0 {
            decimal.digits /= 10;
            decimal.scale -= 1;
        }
        decimal
    }

    /// Reads a plain or exponential decimal text; nothing with more digits than can be kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut digits = 0_i64;
        for digit in all() {
            digits = digits.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
        }
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        while scale < 0 {
            digits = digits.checked_mul(10)?;
            scale += 1;
        }
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        // Twelve digits before the point leave room for sums.
        if scale > 9 || digits / 10_i64.checked_pow(u32::try_from(scale).ok()?)? >= 1_000_000_000 {
            return None;
        }
        Some(Self::new(if negative { -digits } else { digits }, u32::try_from(scale).ok()?))
    }

    /// Hours of an interval, rounded to two decimals.
    pub(crate) fn hours_of_seconds(seconds: i64) -> Self {
        Self::new((seconds.max(0) * 100 + 1800) / 3600, 2)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.digits < 0
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let widen = |d: Self| d.digits.saturating_mul(10_i64.pow(scale - d.scale));
        Self::new(widen(self).saturating_add(widen(other)), scale)
    }

    /// Rounded up to a quarter of an hour, the rounding that the seeded accounts are set to.
    pub(crate) fn rounded_up_to_quarter(self) -> Self {
        let one = 10_i64.pow(self.scale);
        let quarters = (self.digits.saturating_mul(4) + one - 1).div_euclid(one);
        Self::new(quarters.saturating_mul(25), 2)
    }

    fn micros(self) -> Option<Micros> {
        let up = 6_u32.checked_sub(self.scale)?;
        self.digits.checked_mul(10_i64.pow(up)).map(Micros)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u64.pow(self.scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        let magnitude = self.digits.unsigned_abs();
        let width = (self.scale as usize).max(1);
        write!(f, "{sign}{}.{:0width$}", magnitude / one, magnitude % one)
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
