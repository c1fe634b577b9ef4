//! Single values on the wire, from either form in which upstream may send them.
use prost::Message;
use serde_json::{Number, Value};

use super::wire;
use crate::integer::{Width, Wire};
use crate::shape::{Choice, Kind, Known, choice};
use crate::strict::from_base64;
use crate::{decimal, integer, structs, time};

/// Writes a value under a field number; false, and nothing written, where its type is unusable.
pub(super) fn write(kind: &Kind, number: u32, json: &Value, out: &mut Vec<u8>) -> bool {
    write_or_none(kind, number, json, out).is_some()
}

/// Writes the key of a map's entry.
pub(super) fn key(kind: &Kind, name: &str, out: &mut Vec<u8>) -> bool {
    match kind {
        Kind::Text => {
            wire::text(1, name, out);
            true
        }
        Kind::Bool => name.parse().map(|b: bool| wire::varint(1, u64::from(b), out)).is_ok(),
        Kind::Integer(width) => {
            integer::lenient(name, true).and_then(|v| write_integer(*width, 1, v, out)).is_some()
        }
        _ => false,
    }
}

fn write_or_none(kind: &Kind, number: u32, json: &Value, out: &mut Vec<u8>) -> Option<()> {
    match kind {
        Kind::Bool => {
            let value = match json {
                Value::Bool(b) => *b,
                Value::String(text) => text.parse().ok()?,
                _ => return None,
            };
            wire::varint(number, u64::from(value), out);
        }
        Kind::Integer(width) => {
            let value = match json {
                Value::Number(n) => integer::lenient(n.as_str(), false)?,
                Value::String(text) => integer::lenient(text, true)?,
                _ => return None,
            };
            write_integer(*width, number, value, out)?;
        }
        Kind::Float => wire::fixed32(number, float::<f32>(json)?.to_bits(), out),
        Kind::Double => wire::fixed64(number, float::<f64>(json)?.to_bits(), out),
        Kind::Text => match json {
            Value::String(text) => wire::text(number, text, out),
            Value::Number(n) => wire::text(number, n.as_str(), out),
            _ => return None,
        },
        Kind::Bytes => wire::bytes(number, &from_base64(json.as_str()?)?, out),
        Kind::Enum(choices) => {
            let meant: &Choice = choice(choices, json.as_str()?)?;
            // Enums are written as sign-extended varints.
            wire::varint(number, i64::from(meant.number).cast_unsigned(), out);
        }
        Kind::Known(known, _) => write_known(*known, number, json, out)?,
        Kind::Message(_) => return None,
    }
    Some(())
}

fn write_integer(width: Width, number: u32, value: i128, out: &mut Vec<u8>) -> Option<()> {
    if !width.holds(value) {
        return None;
    }
    // Two's complement in 64 bits is what varints of either width hold.
    let bits = match i64::try_from(value) {
        Ok(signed) => signed.cast_unsigned(),
        Err(_) => u64::try_from(value).ok()?,
    };
    match (width.wire, width.long) {
        (Wire::Varint, _) => wire::varint(number, bits, out),
        (Wire::Zigzag, _) => {
            wire::varint(number, (bits << 1) ^ (bits.cast_signed() >> 63).cast_unsigned(), out);
        }
        (Wire::Fixed, true) => wire::fixed64(number, bits, out),
        (Wire::Fixed, false) => wire::fixed32(number, u32::try_from(bits & u64::from(u32::MAX)).ok()?, out),
    }
    Some(())
}

fn write_known(known: Known, number: u32, json: &Value, out: &mut Vec<u8>) -> Option<()> {
    match known {
        Known::Date => {
            let (year, month, day) = time::parse_date(json.as_str()?)?;
            let parts = [u64::try_from(year).ok()?, u64::try_from(month).ok()?, u64::try_from(day).ok()?];
            wire::nested(number, out, |out| {
                for (field, part) in (1..).zip(parts) {
                    wire::varint(field, part, out);
                }
            });
        }
        Known::Decimal => {
            let text = match json {
                Value::Number(n) => n.as_str(),
                Value::String(text) => text,
                _ => return None,
            };
            // A text such as "007" is no number; it would not read back.
            let number_text = decimal::json_text(text).filter(|t| t.eq_ignore_ascii_case(text))?;
            wire::nested(number, out, |out| wire::text(1, &number_text, out));
        }
        Known::Timestamp => write_moment(time::parse_timestamp(json.as_str()?)?, number, out),
        Known::Duration => write_moment(time::parse_duration(json.as_str()?)?, number, out),
        Known::Struct => {
            json.as_object()?;
            wire::bytes(number, &structs::json_to_struct(json).encode_to_vec(), out);
        }
        Known::Value => wire::bytes(number, &structs::json_to_value(json).encode_to_vec(), out),
        Known::ListValue => match structs::json_to_value(json).kind {
            Some(prost_types::value::Kind::ListValue(list)) => {
                wire::bytes(number, &list.encode_to_vec(), out);
            }
            _ => return None,
        },
    }
    Some(())
}

fn write_moment((seconds, nanos): (i64, i32), number: u32, out: &mut Vec<u8>) {
    wire::nested(number, out, |out| {
        wire::varint(1, seconds.cast_unsigned(), out);
        wire::varint(2, i64::from(nanos).cast_unsigned(), out);
    });
}

/// A finite number; one that is too large for a double stays text.
fn float<F: std::str::FromStr + Into<f64> + Copy>(json: &Value) -> Option<F> {
    let number: Number = match json {
        Value::Number(n) => n.clone(),
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    number.as_str().parse::<F>().ok().filter(|f| (*f).into().is_finite())
}
