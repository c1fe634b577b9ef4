//! Whatever upstream sends is found again, in a field or in some `extra`.
use granary_convert::lenient::Fields;
use granary_convert::{decode_lenient, output_schema, to_json};
use granary_proto::granary::harvest::v1::TimeEntry;
use granary_proto::options::{field_rule, message_rule};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor};
use serde_json::{Map, Value};

use crate::message;
use crate::validator::valid;

/// Every message of the contract, and how an answer is read as one.
const EVERY: &[(&str, Read)] = &include!(concat!(env!("OUT_DIR"), "/every.rs"));

/// From JSON to protobuf.
type Read = fn(&str) -> Vec<u8>;

fn through<M: Fields + Message>(json: &str) -> Vec<u8> {
    decode_lenient::<M>(json).unwrap().encode_to_vec()
}

/// Those that keep what they do not know, as all do that lie inside them.
fn keeping() -> impl Iterator<Item = (MessageDescriptor, Read)> {
    EVERY
        .iter()
        .map(|(name, read)| (message(name), *read))
        .filter(|(desc, _)| inside(desc).iter().all(has_extra))
}

fn has_extra(desc: &MessageDescriptor) -> bool {
    desc.get_field_by_name("extra").is_some_and(|field| field.is_map())
}

/// The message with all of ours that lie inside it.
fn inside(desc: &MessageDescriptor) -> Vec<MessageDescriptor> {
    let mut all = vec![desc.clone()];
    let mut next = 0;
    while let Some(desc) = all.get(next).cloned() {
        let nested = desc.fields().filter(|f| !f.is_map()).filter_map(|f| f.kind().as_message().cloned());
        for nested in nested.filter(|m| m.full_name().starts_with("granary.")) {
            if !all.contains(&nested) {
                all.push(nested);
            }
        }
        next += 1;
    }
    all
}

/// The names under which upstream sends a field.
fn names(field: &FieldDescriptor) -> Vec<String> {
    match field_rule(field).upstream {
        names if names.is_empty() => vec![field.name().to_owned(), field.json_name().to_owned()],
        names => names,
    }
}

fn keys(desc: &MessageDescriptor) -> Vec<String> {
    let mut keys: Vec<String> =
        inside(desc).iter().flat_map(MessageDescriptor::fields).flat_map(|f| names(&f)).collect();
    keys.extend(["id", "name", "extra", "unknown", "a.b", "", "hourly_rate", "\u{1F600}"].map(String::from));
    keys.sort();
    keys.dedup();
    keys
}

fn leaf() -> impl Strategy<Value = Value> {
    const TEXTS: [&str; 12] = [
        "true",
        "2026-03-31",
        "2026-02-30",
        "2026-03-31T14:02:11Z",
        "2026-03-31T14:02:11.123456789+02:00",
        "1.50",
        "007",
        "-0",
        "1e5",
        "",
        "NaN",
        "a\u{0}b",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-100_i32..100).prop_map(Value::from),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?(e[+-][0-9]{1,3})?"
            .prop_map(|t| serde_json::from_str(&t).unwrap()),
        any::<String>().prop_map(Value::from),
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        "[0-9]{1,25}".prop_map(Value::from),
    ]
}

fn answers(desc: &MessageDescriptor) -> impl Strategy<Value = Value> + use<> {
    let keys = keys(desc);
    leaf().prop_recursive(5, 60, 8, move |inner| {
        let key = prop::sample::select(keys.clone());
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            4 => prop::collection::vec((key, inner), 0..12)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Whether everything in an object is found in the message that was read from it.
fn covered(desc: &MessageDescriptor, input: &Map<String, Value>, output: &Value) -> Result<(), String> {
    for (key, value) in input {
        let field = desc.fields().find(|f| f.name() != "extra" && names(f).contains(key));
        if output["extra"].get(key) == Some(value) {
            continue;
        }
        match field {
            Some(_) if value.is_null() => {}
            // Its values are leaves; which keys there are is upstream's.
            Some(field) if field.is_map() => {
                let entries = value.as_object().ok_or_else(|| format!("{key} is lost"))?;
                for (entry, value) in entries {
                    same(None, value, &output[field.name()][entry])
                        .map_err(|e| format!("{key}.{entry}: {e}"))?;
                }
            }
            Some(field) => {
                let nested = field.kind().as_message().cloned();
                same(nested.as_ref(), value, &output[field.name()]).map_err(|e| format!("{key}: {e}"))?;
            }
            None => return Err(format!("{key} is lost")),
        }
    }
    Ok(())
}

fn same(desc: Option<&MessageDescriptor>, input: &Value, output: &Value) -> Result<(), String> {
    let own = desc.filter(|d| d.full_name().starts_with("granary."));
    match (input, output) {
        (Value::Object(input), Value::Object(_)) if own.is_some() => covered(own.unwrap(), input, output),
        (Value::String(_), Value::Object(output)) if own.is_some() => {
            let bare = message_rule(own.unwrap()).bare_text;
            same(None, input, output.get(&bare).unwrap_or(&Value::Null))
        }
        (Value::Array(input), Value::Array(output)) if input.len() == output.len() => {
            input.iter().zip(output).try_for_each(|(i, o)| same(desc, i, o))
        }
        (lone, Value::Array(items)) if items.len() == 1 => same(desc, lone, &items[0]),
        (input, output) if text(input) == text(output) => Ok(()),
        (input, output) => Err(format!("{input} became {output}")),
    }
}

/// What a leaf says, in whichever of its forms.
fn text(leaf: &Value) -> String {
    let text = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return moment.to_string();
    }
    number(&text).unwrap_or(text)
}

/// A number without what does not change it.
fn number(text: &str) -> Option<String> {
    text.parse::<serde_json::Number>().ok()?;
    let (significand, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
    let digits = format!("{whole}{fraction}");
    let scale = exponent.parse::<i64>().ok()? - i64::try_from(fraction.len()).ok()?;
    let trimmed = digits.trim_end_matches('0');
    let scale = scale + i64::try_from(digits.len() - trimmed.len()).ok()?;
    let trimmed = trimmed.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0".to_owned() } else { format!("{sign}{trimmed}e{scale}") })
}

fn keeps_all(
    desc: &MessageDescriptor,
    read: Read,
    schema: &Value,
    input: &Value,
) -> Result<(), TestCaseError> {
    let bytes = read(&input.to_string());
    let output = to_json(&DynamicMessage::decode(desc.clone(), bytes.as_slice()).unwrap());
    prop_assert!(valid(schema, schema, &output), "{output} does not fit its schema");
    let found = match input {
        Value::Object(object) => covered(desc, object, &output),
        Value::Null => Ok(()),
        other if output["extra"][""] == *other => Ok(()),
        other => Err(format!("{other} is lost")),
    };
    found.map_err(|e| TestCaseError::fail(format!("{e}\n in {input}\nout {output}")))
}

#[test]
fn no_key_of_any_answer_is_lost() {
    let mut count = 0;
    for (desc, read) in keeping() {
        let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
        let schema = output_schema(&desc);
        TestRunner::new(config)
            .run(&answers(&desc), |input| keeps_all(&desc, read, &schema, &input))
            .unwrap_or_else(|e| panic!("{}: {e}", desc.full_name()));
        count += 1;
    }
    assert!(count > 40, "only {count} messages keep what they do not know");
}

#[test]
fn a_number_keeps_the_digits_it_came_with() {
    let raw = r#"{"hours": 1.10, "unknown": 1.10, "billable_rate": 100.0000000000000000001}"#;
    let read: TimeEntry = decode_lenient(raw).unwrap();
    assert_eq!(read.hours.unwrap().value, "1.10");
    assert_eq!(read.extra["unknown"], "1.10");
    assert_eq!(read.billable_rate.unwrap().value, "100.0000000000000000001");
    let read: TimeEntry = decode_lenient(r#"{"hours": 1.5}"#).unwrap();
    assert_eq!(read.hours.unwrap().value, "1.5");
}
