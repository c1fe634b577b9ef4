//! What is wrong with one value of one field.
use granary_formats::decimal;
use granary_rpc::absent::is_absent;
use prost_reflect::{DynamicMessage, Value};

use super::DEFAULT_MAX_BYTES;
use crate::integer::{self, Width};
use crate::shape::{Choice, Field, Form, Kind, Known};
use crate::time;

/// What people write in place of a value that they do not have. It may be meant as a note, and is not one of the values of a list.
const NOT_APPLICABLE: [&str; 2] = ["N/A", "n/a"];

/// What is wrong and what would be right; nothing where the value may pass. Values are never repeated here, because a
/// typed request may carry a secret.
pub(super) fn wrong(field: &Field, value: &Value) -> Option<String> {
    match (&field.kind, value) {
        (Kind::Text, Value::String(text)) => text_wrong(field, text),
        (Kind::Bytes, Value::Bytes(bytes)) => {
            let most = field.rule.max_bytes as usize;
            if bytes.is_empty() && field.rule.required {
                return Some("must not be empty".into());
            }
            (most > 0 && bytes.len() > most).then(|| format!("must be at most {most} bytes long"))
        }
        (Kind::Enum(choices), Value::EnumNumber(number)) => {
            let known = choices.iter().any(|c| c.number == *number);
            (!known).then(|| wanted_choice(field))
        }
        (Kind::Integer(width), value) => {
            let number = integer::of(value)?;
            let low = field.rule.minimum.is_some_and(|least| number < least.into());
            let high = field.rule.maximum.is_some_and(|most| number > most.into());
            (low || high).then(|| wanted_integer(field, *width))
        }
        (Kind::Known(known, _), Value::Message(message)) => known_wrong(field, *known, message),
        _ => None,
    }
}

/// How many items a list takes.
pub(crate) fn too_many(most: usize) -> String {
    format!("must have at most {most} items")
}

/// What an integer field takes.
pub(crate) fn wanted_integer(field: &Field, width: Width) -> String {
    match (field.rule.minimum, field.rule.maximum) {
        (Some(least), Some(_)) if field.rule.lowered => format!("must be a whole number of at least {least}"),
        (Some(least), Some(most)) => format!("must be a whole number from {least} to {most}"),
        (Some(least), None) => format!("must be a whole number of at least {least}"),
        (None, Some(most)) => format!("must be a whole number of at most {most}"),
        (None, None) if width.long => "must be a whole number of at most 64 bits".into(),
        (None, None) => format!("must be a whole number from {} to {}", width.range().0, width.range().1),
    }
}

/// What an enum field takes.
pub(crate) fn wanted_choice(field: &Field) -> String {
    let Kind::Enum(choices) = &field.kind else { return String::new() };
    let spoken: Vec<&str> = choices.iter().filter(|c| c.text.is_some()).map(Choice::text).collect();
    let all = || choices.iter().filter(|c| c.number != 0).map(Choice::text).collect();
    let texts: Vec<&str> = if spoken.is_empty() { all() } else { spoken };
    format!("must be one of {}", texts.join(", "))
}

/// What a decimal field takes.
pub(crate) fn wanted_decimal(field: &Field) -> String {
    let rule = &field.rule;
    match (rule.minimum_decimal.as_str(), rule.maximum_decimal.as_str()) {
        ("", "") => "must be a decimal number such as 1.5".into(),
        (least, "") => format!("must be a decimal number of at least {least}"),
        ("", most) => format!("must be a decimal number of at most {most}"),
        (least, most) => format!("must be a decimal number from {least} to {most}"),
    }
}

/// What a field of a well-known type takes.
pub(crate) fn wanted_known(field: &Field, known: Known) -> String {
    match known {
        Known::Date => "must be a calendar day such as \"2026-03-31\"".into(),
        Known::Decimal => wanted_decimal(field),
        Known::Timestamp => "must be a moment with its offset, such as \"2026-03-31T14:00:00Z\"".into(),
        Known::Duration => "must be a duration in seconds such as \"1.5s\"".into(),
        Known::Struct => "must be an object".into(),
        Known::ListValue => "must be an array".into(),
        Known::Value => "must be JSON".into(),
    }
}

fn text_wrong(field: &Field, text: &str) -> Option<String> {
    let most = if field.rule.max_bytes == 0 { DEFAULT_MAX_BYTES } else { field.rule.max_bytes };
    // A blank item beside others is a value that a client did not have.
    if text.trim().is_empty() && (field.rule.required || matches!(field.form, Form::List)) {
        return Some("must not be empty".into());
    }
    if text.len() > most as usize {
        return Some(format!("must be at most {most} bytes long"));
    }
    let characters = field.rule.max_chars as usize;
    if characters > 0 && text.chars().count() > characters {
        return Some(format!("must be at most {characters} characters long"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Some("must not contain control characters other than tab and line breaks".into());
    }
    // None of these was meant to be looked for, or stored.
    // A map holds what an answer keeps as raw JSON.
    let is_absent = is_absent(text) && !matches!(field.form, Form::Map(_));
    if is_absent || matches!(field.form, Form::List) && NOT_APPLICABLE.contains(&text) {
        return Some(format!("\"{text}\" is how a client writes a missing value: leave the field out"));
    }
    granary_formats::wrong(field.rule.format(), text)
}

fn known_wrong(field: &Field, known: Known, message: &DynamicMessage) -> Option<String> {
    let right = match known {
        Known::Date => day(message).is_some(),
        Known::Decimal => decimal_right(field, message),
        Known::Timestamp => time::timestamp_text(long(message, "seconds"), int(message, "nanos")).is_some(),
        Known::Duration => time::valid_duration(long(message, "seconds"), int(message, "nanos")),
        Known::Struct | Known::Value | Known::ListValue => true,
    };
    (!right).then(|| wanted_known(field, known))
}

fn decimal_right(field: &Field, message: &DynamicMessage) -> bool {
    let value = message.get_field_by_name("value");
    let Some(value) = value.as_deref().and_then(Value::as_str).and_then(decimal::parse) else { return false };
    let least = decimal::parse(&field.rule.minimum_decimal);
    let most = decimal::parse(&field.rule.maximum_decimal);
    least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
}

/// The day in a message, where it is one.
pub(super) fn day(message: &DynamicMessage) -> Option<[i32; 3]> {
    let [year, month, day] = ["year", "month", "day"].map(|name| int(message, name));
    time::date_text(year, month, day).map(|_| [year, month, day])
}

fn int(message: &DynamicMessage, name: &str) -> i32 {
    message.get_field_by_name(name).as_deref().and_then(Value::as_i32).unwrap_or_default()
}

fn long(message: &DynamicMessage, name: &str) -> i64 {
    message.get_field_by_name(name).as_deref().and_then(Value::as_i64).unwrap_or_default()
}
