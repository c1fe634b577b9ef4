//! `google.protobuf.Struct` as plain JSON. Its numbers are doubles: integers that a double cannot hold travel as text.
use std::collections::BTreeMap;

use granary_formats::decimal;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as Proto};
use serde_json::{Map, Number, Value};

use crate::integer::EXACT;

/// How many levels of objects and arrays become structures; what lies deeper becomes its JSON text. One level takes
/// three of the hundred levels that protobuf decoders allow.
const MAX_LEVELS: usize = 24;
/// How many levels of a structure are read; decoders deliver no more than 33.
const MAX_READ: usize = 64;

/// A structure as JSON. Integral doubles become integers; those from 2^53 on keep an exponent, because digits may be
/// missing from them already: 2^53 + 1 arrives as 2^53.
pub fn struct_to_json(s: Struct) -> Value {
    object(s, MAX_READ)
}

/// JSON as a structure; what is no object becomes an empty one.
pub fn json_to_struct(v: &Value) -> Struct {
    match v {
        Value::Object(map) => structure(map, MAX_LEVELS),
        _ => Struct::default(),
    }
}

/// One value as JSON.
pub(crate) fn value_to_json(value: Proto) -> Value {
    json(value, MAX_READ)
}

/// JSON as one value.
pub(crate) fn json_to_value(v: &Value) -> Proto {
    proto(v, MAX_LEVELS)
}

/// The JSON number of a double, or its name where it is not finite.
pub(crate) fn double(number: f64) -> Value {
    let number = if number == 0.0 { 0.0 } else { number };
    let text = match number {
        n if n.is_nan() => return Value::String("NaN".into()),
        n if n.is_infinite() => return Value::String(if n > 0.0 { "Infinity" } else { "-Infinity" }.into()),
        n if n.fract() == 0.0 && n.abs() < EXACT as f64 => format!("{n:.0}"),
        n if n.fract() == 0.0 => format!("{n:e}"),
        n => n.to_string(),
    };
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

fn object(s: Struct, levels: usize) -> Value {
    if levels == 0 {
        return Value::Null;
    }
    Value::Object(s.fields.into_iter().map(|(k, v)| (k, json(v, levels - 1))).collect::<Map<_, _>>())
}

fn json(value: Proto, levels: usize) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(b)) => Value::Bool(b),
        Some(Kind::NumberValue(n)) => double(n),
        Some(Kind::StringValue(s)) => Value::String(s),
        Some(Kind::StructValue(s)) => object(s, levels),
        Some(Kind::ListValue(_)) if levels == 0 => Value::Null,
        Some(Kind::ListValue(l)) => Value::Array(l.values.into_iter().map(|v| json(v, levels - 1)).collect()),
    }
}

fn structure(map: &Map<String, Value>, levels: usize) -> Struct {
    let fields: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), proto(v, levels - 1))).collect();
    Struct { fields }
}

fn proto(value: &Value, levels: usize) -> Proto {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(b) => Kind::BoolValue(*b),
        Value::Number(n) => number(n),
        Value::String(s) => Kind::StringValue(s.clone()),
        Value::Array(_) | Value::Object(_) if levels == 0 => Kind::StringValue(value.to_string()),
        Value::Array(items) => {
            Kind::ListValue(ListValue { values: items.iter().map(|v| proto(v, levels - 1)).collect() })
        }
        Value::Object(map) => Kind::StructValue(structure(map, levels)),
    };
    Proto { kind: Some(kind) }
}

fn number(n: &Number) -> Kind {
    let text = n.as_str();
    let lossy = !text.contains(['.', 'e', 'E'])
        && decimal::parse(text).and_then(|d| decimal::whole(&d)).is_none_or(|whole| whole.abs() >= EXACT);
    match n.as_f64() {
        Some(double) if double.is_finite() && !lossy => Kind::NumberValue(double),
        _ => Kind::StringValue(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    fn through(json: &str) -> String {
        struct_to_json(json_to_struct(&serde_json::from_str(json).unwrap())).to_string()
    }

    #[test]
    fn integers_stay_integers() {
        assert_eq!(
            through(r#"{"a":12345678,"b":-1.5,"c":[0,-0.0],"d":null}"#),
            r#"{"a":12345678,"b":-1.5,"c":[0,0],"d":null}"#
        );
        assert_eq!(through(r#"{"id":9007199254740991}"#), r#"{"id":9007199254740991}"#);
        assert_eq!(through(r#"{"id":9007199254740992}"#), r#"{"id":"9007199254740992"}"#);
        assert_eq!(through(r#"{"id":9007199254740993}"#), r#"{"id":"9007199254740993"}"#);
        assert_eq!(through(r#"{"x":1e400}"#), r#"{"x":"1e+400"}"#);
    }

    #[test]
    fn a_double_that_lost_digits_does_not_look_like_an_id() {
        let fields =
            [("id".to_owned(), Proto { kind: Some(Kind::NumberValue(12_345_678_901_234_567_000.0)) })];
        let json = struct_to_json(Struct { fields: fields.into_iter().collect() });
        assert!(json["id"].to_string().contains('e'), "{json}");
        assert_eq!(double(f64::NAN), Value::from("NaN"));
    }

    #[test]
    fn what_lies_deep_becomes_text_and_still_decodes() {
        let mut deep = serde_json::json!(7);
        for _ in 0..120 {
            deep = serde_json::json!({ "a": deep });
        }
        let structure = json_to_struct(&deep);
        let decoded = Struct::decode(structure.encode_to_vec().as_slice()).unwrap();
        assert!(struct_to_json(decoded).to_string().contains("{\\\"a\\\":"));
    }
}
