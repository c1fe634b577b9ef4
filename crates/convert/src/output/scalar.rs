//! Single values as JSON.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granary_formats::decimal;
use prost_reflect::{DynamicMessage, ReflectMessage, Value as Dynamic};
use serde_json::{Number, Value};

use crate::integer::{self, EXACT};
use crate::shape::{Kind, Known, known};
use crate::{structs, time};

/// A message that has a form of its own.
pub(super) fn known_message(message: &DynamicMessage) -> Option<Value> {
    known(message.descriptor().full_name()).map(|known| known_json(known, message))
}

/// A value as JSON.
pub(super) fn json(kind: &Kind, value: &Dynamic) -> Value {
    match (kind, value) {
        (_, Dynamic::Bool(b)) => Value::Bool(*b),
        (Kind::Integer(_), value) => integer::of(value).map_or(Value::Null, whole),
        // The shortest digits of the narrow number, not those of its double.
        (_, Dynamic::F32(n)) => n.to_string().parse().map_or(Value::Null, structs::double),
        (_, Dynamic::F64(n)) => structs::double(*n),
        (_, Dynamic::String(text)) => Value::String(text.clone()),
        (_, Dynamic::Bytes(bytes)) => Value::String(STANDARD.encode(bytes)),
        (Kind::Enum(choices), Dynamic::EnumNumber(number)) => {
            match choices.iter().find(|c| c.number == *number) {
                Some(choice) => Value::from(choice.text()),
                None => Value::from(*number),
            }
        }
        (Kind::Known(known, _), Dynamic::Message(message)) => known_json(*known, message),
        _ => Value::Null,
    }
}

/// A number while a double holds it exactly, else text.
fn whole(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(exact) if number.abs() <= EXACT => Value::from(exact),
        _ => Value::String(number.to_string()),
    }
}

fn known_json(known: Known, message: &DynamicMessage) -> Value {
    let part = |name: &str| message.get_field_by_name(name).map(std::borrow::Cow::into_owned);
    let int = |name: &str| part(name).and_then(|v| v.as_i32()).unwrap_or_default();
    let long = |name: &str| part(name).and_then(|v| v.as_i64()).unwrap_or_default();
    let text = |text: Option<String>| text.map_or(Value::Null, Value::String);
    match known {
        // A year or a month alone reads back as what it is.
        Known::Date => match (int("year"), int("month"), int("day")) {
            (year, 0, 0) => text(Some(format!("{year:04}"))),
            (year, month, 0) => text(Some(format!("{year:04}-{month:02}"))),
            (year, month, day) => {
                text(time::date_text(year, month, day).or(Some(format!("{year:04}-{month:02}-{day:02}"))))
            }
        },
        Known::Decimal => {
            let value = part("value").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            let number = decimal::json_text(&value).and_then(|t| t.parse::<Number>().ok());
            number.map_or(Value::String(value), Value::Number)
        }
        Known::Timestamp => text(time::timestamp_text(long("seconds"), int("nanos"))),
        Known::Duration => text(time::duration_text(long("seconds"), int("nanos"))),
        Known::Struct => message.transcode_to().map_or(Value::Null, structs::struct_to_json),
        Known::Value => message.transcode_to().map_or(Value::Null, structs::value_to_json),
        Known::ListValue => {
            let list: prost_types::ListValue = message.transcode_to().unwrap_or_default();
            Value::Array(list.values.into_iter().map(structs::value_to_json).collect())
        }
    }
}
