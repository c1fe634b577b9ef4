//! The schema of one field.
use granary_formats::decimal;
use granary_proto::granary::policy::v1::Format;
use serde_json::{Map, Number, Value, json};

use super::{Builder, Side};
use crate::shape::{Choice, Field, Form, Kind, Known};

/// The schema of a field, without its description.
pub(super) fn schema(builder: &mut Builder, field: &Field) -> Map<String, Value> {
    let one = value(builder, field);
    let input = builder.side == Side::Input;
    let mut schema = match &field.form {
        Form::One => one,
        Form::List => {
            let mut list = object([("type", json!("array")), ("items", Value::Object(one))]);
            if input && field.rule.required {
                list.insert("minItems".into(), json!(1));
            }
            if input && field.rule.max_items > 0 {
                list.insert("maxItems".into(), json!(field.rule.max_items));
            }
            let scalars = !matches!(field.kind, Kind::Message(_));
            // By name, a list may also be written as one text with commas.
            if input && scalars { object([("anyOf", json!([list, {"type": "string"}]))]) } else { list }
        }
        Form::Map(_) => object([("type", json!("object")), ("additionalProperties", Value::Object(one))]),
    };
    if input && !field.rule.default_value.is_empty() {
        schema.insert("default".into(), default(&field.kind, &field.rule.default_value));
    }
    schema
}

fn value(builder: &mut Builder, field: &Field) -> Map<String, Value> {
    let input = builder.side == Side::Input;
    match &field.kind {
        Kind::Bool => typed("boolean"),
        Kind::Integer(width) => {
            // An answer writes integers as text where a double would lose digits.
            let mut schema = if width.long && !input {
                object([("type", json!(["integer", "string"]))])
            } else {
                typed("integer")
            };
            let least = field.rule.minimum.or((!width.signed).then_some(0));
            for (key, bound) in [("minimum", least), ("maximum", field.rule.maximum)] {
                if let (Some(bound), true) = (bound, input) {
                    schema.insert(key.into(), json!(bound));
                }
            }
            schema
        }
        Kind::Float | Kind::Double => typed("number"),
        Kind::Text if input => text(field),
        Kind::Text => typed("string"),
        Kind::Bytes => object([("type", json!("string")), ("contentEncoding", json!("base64"))]),
        Kind::Enum(choices) => object([("type", json!("string")), ("enum", json!(texts(choices)))]),
        Kind::Known(known, _) => known_schema(*known, field, input),
        Kind::Message(nested) => builder.reference(nested),
    }
}

fn text(field: &Field) -> Map<String, Value> {
    let mut schema = typed("string");
    if field.rule.required {
        schema.insert("minLength".into(), json!(1));
    }
    // A text has at most as many characters as bytes.
    let most = [field.rule.max_chars, field.rule.max_bytes].into_iter().filter(|most| *most > 0).min();
    if let Some(most) = most {
        schema.insert("maxLength".into(), json!(most));
    }
    let (key, form) = match field.rule.format() {
        Format::Unspecified => return schema,
        Format::ClockTime => ("pattern", "^[0-9]{1,2}:[0-5][0-9]( ?[AaPp][Mm])?$"),
        Format::NumericOrMe => ("pattern", "^([0-9]+|me)$"),
        Format::Url => ("format", "uri"),
        Format::ProfileUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/in/[^/\\s]"),
        Format::LinkedinUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/[^/\\s]"),
        Format::CompanyUrl => {
            ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/(company|school|showcase)/[^/\\s]")
        }
        Format::JobUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/jobs/[^/\\s]"),
        Format::GroupUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/groups/[^/\\s]"),
        Format::AdUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/ad-library/detail/[0-9]+(/.*)?$"),
        Format::AdSearchUrl => ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/ad-library/search[^/\\s]"),
        Format::PostUrl => {
            ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/(posts|feed/update|pulse|video)/[^/\\s]")
        }
        Format::SalesNavUrl => {
            ("pattern", "^https://([a-z]+\\.)?linkedin\\.com/sales/(search/people\\?|lists/)[^/\\s]")
        }
        Format::Slug => ("pattern", r#"^[^/\\?#\s\[\]{}<>":,@]+$"#),
        Format::Digits => ("pattern", "^[0-9]+$"),
        Format::Profile | Format::Company | Format::LinkedinUrlOrId | Format::Id => ("pattern", "^\\S+$"),
        Format::Comment => ("pattern", "^([0-9]+|urn:li:\\S+|https://\\S+)$"),
        Format::CompanyOrName => return schema,
        Format::Country => ("pattern", "^([A-Za-z]{2}|ALL)$"),
    };
    schema.insert(key.into(), json!(form));
    schema
}

fn known_schema(known: Known, field: &Field, input: bool) -> Map<String, Value> {
    let formatted = |format: &str| object([("type", json!("string")), ("format", json!(format))]);
    match known {
        Known::Date => formatted("date"),
        Known::Timestamp => formatted("date-time"),
        Known::Duration => {
            object([("type", json!("string")), ("pattern", json!("^-?[0-9]+(\\.[0-9]{1,9})?s$"))])
        }
        Known::Decimal => {
            let mut schema = typed("number");
            let bounds = [("minimum", &field.rule.minimum_decimal), ("maximum", &field.rule.maximum_decimal)];
            for (key, bound) in bounds {
                if let (Some(bound), true) = (number(bound), input) {
                    schema.insert(key.into(), bound);
                }
            }
            schema
        }
        Known::Struct => typed("object"),
        Known::ListValue => typed("array"),
        Known::Value => Map::new(),
    }
}

/// The texts of an enum; its names where it has no texts.
fn texts(choices: &[Choice]) -> Vec<&str> {
    let spoken: Vec<&str> = choices.iter().filter_map(|c| c.text.as_deref()).collect();
    if spoken.is_empty() { choices.iter().map(|c| c.name.as_str()).collect() } else { spoken }
}

fn default(kind: &Kind, text: &str) -> Value {
    match kind {
        Kind::Bool => text.parse().map_or_else(|_| text.into(), Value::Bool),
        Kind::Integer(_) | Kind::Float | Kind::Double | Kind::Known(Known::Decimal, _) => {
            number(text).unwrap_or_else(|| text.into())
        }
        _ => text.into(),
    }
}

fn number(text: &str) -> Option<Value> {
    decimal::json_text(text)?.parse::<Number>().ok().map(Value::Number)
}

fn typed(name: &str) -> Map<String, Value> {
    object([("type", json!(name))])
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}
