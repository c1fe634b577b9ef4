//! JSON into single values: both forms of each are taken, and nothing passes through a float that need not.
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use granary_formats::decimal;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value as Dynamic};
use serde_json::Value;

use crate::rules::wanted::{wanted_choice, wanted_integer, wanted_known};
use crate::shape::{Field, Kind, Known, choice};
use crate::violations::quoted;
use crate::{integer, structs, time};

/// What to do about a number that may have lost digits before it came here.
const AS_TEXT: &str = "write it as text, since a number of this size may have lost digits";

/// The text that a number is meant as: a whole one without the empty fraction that some languages write.
fn digits_of(number: &str) -> Option<String> {
    if integer::is_double(number) {
        return integer::number(number).map(|whole| whole.to_string());
    }
    let whole = number.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|b| b == b'0'));
    Some(whole.map_or(number, |(whole, _)| whole).to_owned())
}

/// Reads a value, or says what would be right.
pub(super) fn read(field: &Field, json: &Value) -> Result<Dynamic, String> {
    match &field.kind {
        Kind::Bool => boolean(json).map(Dynamic::Bool).ok_or_else(|| "must be true or false".into()),
        Kind::Integer(width) => whole(json)
            .map(|value| if field.rule.lowered { value.min(width.range().1) } else { value })
            .and_then(|value| width.dynamic(value))
            .ok_or_else(|| {
                let wanted = wanted_integer(field, *width);
                if has_lost_digits(json) { format!("{wanted}; {AS_TEXT}") } else { wanted }
            }),
        Kind::Float => float(json).map(Dynamic::F32).ok_or_else(|| "must be a number".into()),
        Kind::Double => float(json).map(Dynamic::F64).ok_or_else(|| "must be a number".into()),
        Kind::Text => match json {
            Value::String(text) => Ok(Dynamic::String(text.clone())),
            Value::Number(number) => digits_of(number.as_str())
                .map(Dynamic::String)
                .ok_or_else(|| format!("must be text; {AS_TEXT}")),
            _ => Err("must be text".into()),
        },
        Kind::Bytes => json
            .as_str()
            .and_then(from_base64)
            .map(|bytes| Dynamic::Bytes(bytes.into()))
            .ok_or_else(|| "must be text in base64".into()),
        Kind::Enum(choices) => {
            let meant = json.as_str().and_then(|text| choice(choices, text));
            meant.map(|c| Dynamic::EnumNumber(c.number)).ok_or_else(|| {
                let given = json.as_str().filter(|_| !field.secret).map(quoted).unwrap_or_default();
                let not = if given.is_empty() { String::new() } else { format!("{given}is not known: ") };
                format!("{not}{}", wanted_choice(field))
            })
        }
        Kind::Known(known, desc) => {
            self::known(*known, desc, json).map(Dynamic::Message).ok_or_else(|| wanted_known(field, *known))
        }
        Kind::Message(_) => Err("must be an object".into()),
    }
}

/// Bytes of base64, in either alphabet, padded or not.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    const ANY: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

fn boolean(json: &Value) -> Option<bool> {
    match json {
        Value::Bool(b) => Some(*b),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn whole(json: &Value) -> Option<i128> {
    match json {
        Value::Number(number) => integer::number(number.as_str()),
        Value::String(text) => integer::strict(text),
        _ => None,
    }
}

/// Whether a number is a double of a size that no longer holds every digit.
fn has_lost_digits(json: &Value) -> bool {
    let Value::Number(number) = json else { return false };
    let number = number.as_str();
    integer::is_double(number) && decimal::parse(number).is_none_or(|value| decimal::whole(&value).is_some())
}

fn digits(json: &Value) -> Option<&str> {
    match json {
        Value::Number(number) => Some(number.as_str()),
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn float<F: std::str::FromStr>(json: &Value) -> Option<F> {
    match digits(json)? {
        "NaN" => "NaN".parse().ok(),
        text @ ("Infinity" | "-Infinity") => text.parse().ok(),
        text => decimal::json_text(text)?.parse().ok(),
    }
}

fn known(known: Known, desc: &MessageDescriptor, json: &Value) -> Option<DynamicMessage> {
    match known {
        Known::Date => {
            let (year, month, day) = time::parse_date(json.as_str()?)?;
            built(
                desc,
                [("year", Dynamic::I32(year)), ("month", Dynamic::I32(month)), ("day", Dynamic::I32(day))],
            )
        }
        Known::Decimal => {
            let text = decimal::json_text(digits(json)?)?;
            built(desc, [("value", Dynamic::String(text))])
        }
        Known::Timestamp => moment(desc, time::parse_timestamp(json.as_str()?)?),
        Known::Duration => moment(desc, time::parse_duration(json.as_str()?)?),
        Known::Struct => {
            json.as_object()?;
            transcoded(desc, &structs::json_to_struct(json))
        }
        Known::Value => transcoded(desc, &structs::json_to_value(json)),
        Known::ListValue => match structs::json_to_value(json).kind {
            Some(prost_types::value::Kind::ListValue(list)) => transcoded(desc, &list),
            _ => None,
        },
    }
}

fn moment(desc: &MessageDescriptor, (seconds, nanos): (i64, i32)) -> Option<DynamicMessage> {
    built(desc, [("seconds", Dynamic::I64(seconds)), ("nanos", Dynamic::I32(nanos))])
}

fn built<const N: usize>(desc: &MessageDescriptor, fields: [(&str, Dynamic); N]) -> Option<DynamicMessage> {
    let mut message = DynamicMessage::new(desc.clone());
    for (name, value) in fields {
        message.try_set_field_by_name(name, value).ok()?;
    }
    Some(message)
}

fn transcoded<M: Message>(desc: &MessageDescriptor, message: &M) -> Option<DynamicMessage> {
    DynamicMessage::decode(desc.clone(), message.encode_to_vec().as_slice()).ok()
}
