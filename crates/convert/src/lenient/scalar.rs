//! Single values, from either form in which upstream may send them.
use std::str::FromStr;

use serde_json::Number;

use super::field::Name;
use super::reader::Plain;
use super::{Malformed, Single, Source};
use crate::integer;
use crate::strict::from_base64;

impl Single for bool {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        Ok(put(
            self,
            match from.plain()? {
                Plain::Bool(value) => Some(value),
                Plain::Text(text) => text.parse().ok(),
                _ => None,
            },
        ))
    }
}

impl Single for String {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        Ok(put(
            self,
            match from.plain()? {
                Plain::Text(text) => Some(text.to_owned()),
                Plain::Number(digits) => Some(digits.to_owned()),
                _ => None,
            },
        ))
    }
}

impl Single for Vec<u8> {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        Ok(put(self, if let Plain::Text(text) = from.plain()? { from_base64(text) } else { None }))
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(impl Single for $integer {
            fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
                Ok(put(self, match from.plain()? {
                    // Most come as plain digits.
                    Plain::Number(digits) => digits.parse().ok().or_else(|| whole(digits, false)),
                    Plain::Text(text) => whole(text, true),
                    _ => None,
                }))
            }
        }

        impl Name for $integer {
            fn of(text: &str) -> Option<Self> {
                whole(text, true)
            }
        })*
    };
}

integers!(i32 i64 u32 u64);

macro_rules! floats {
    ($($float:ty)*) => {
        $(impl Single for $float {
            fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
                // One that is too large stays text.
                let number: Option<Self> = match from.plain()? {
                    Plain::Number(digits) => digits.parse().ok(),
                    Plain::Text(text) => text.parse::<Number>().ok().and_then(|n| n.as_str().parse().ok()),
                    _ => None,
                };
                Ok(put(self, number.filter(|n| n.is_finite())))
            }
        })*
    };
}

floats!(f32 f64);

impl Name for String {
    fn of(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Name for bool {
    fn of(text: &str) -> Option<Self> {
        bool::from_str(text).ok()
    }
}

/// Puts a value in its place, if there is one.
pub(super) fn put<T>(into: &mut T, value: Option<T>) -> bool {
    let used = value.is_some();
    if let Some(value) = value {
        *into = value;
    }
    used
}

fn whole<T: TryFrom<i128>>(text: &str, quoted: bool) -> Option<T> {
    integer::lenient(text, quoted)?.try_into().ok()
}
