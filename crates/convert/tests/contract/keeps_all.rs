//! Whatever upstream sends is found again, in a field or in some `extra`.
use granary_convert::{decode_lenient, output_schema, to_json};
use granary_proto::granary::harvest::v1::{Project, TimeEntry};
use proptest::prelude::*;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::message;
use crate::validator::valid;

fn keys(desc: &MessageDescriptor) -> Vec<String> {
    let mut keys: Vec<String> =
        desc.fields().flat_map(|f| [f.name().to_owned(), f.json_name().to_owned()]).collect();
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
        let field =
            desc.fields().find(|f| f.name() == key || f.json_name() == key).filter(|f| f.name() != "extra");
        if output["extra"].get(key) == Some(value) {
            continue;
        }
        match field {
            Some(_) if value.is_null() => {}
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

fn keeps_all<M: Message + Default>(desc: &MessageDescriptor, input: &Value) -> Result<(), TestCaseError> {
    let read: M = decode_lenient(desc, input);
    let dynamic = DynamicMessage::decode(desc.clone(), read.encode_to_vec().as_slice()).unwrap();
    let output = to_json(&dynamic);
    let schema = output_schema(desc);
    prop_assert!(valid(&schema, &schema, &output), "{output} does not fit its schema");
    let found = match input {
        Value::Object(object) => covered(desc, object, &output),
        Value::Null => Ok(()),
        other if output["extra"][""] == *other => Ok(()),
        other => Err(format!("{other} is lost")),
    };
    found.map_err(|e| TestCaseError::fail(format!("{e}\n in {input}\nout {output}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_key_of_a_time_entry_is_lost(input in answers(&message("granary.harvest.v1.TimeEntry"))) {
        keeps_all::<TimeEntry>(&message("granary.harvest.v1.TimeEntry"), &input)?;
    }

    #[test]
    fn no_key_of_a_project_is_lost(input in answers(&message("granary.harvest.v1.Project"))) {
        keeps_all::<Project>(&message("granary.harvest.v1.Project"), &input)?;
    }
}

#[test]
fn a_number_keeps_the_digits_it_came_with() {
    let desc = message("granary.harvest.v1.TimeEntry");
    let raw = r#"{"hours": 1.10, "unknown": 1.10, "billable_rate": 100.0000000000000000001}"#;
    let read: TimeEntry = decode_lenient(&desc, &serde_json::from_str(raw).unwrap());
    assert_eq!(read.hours.unwrap().value, "1.10");
    assert_eq!(read.extra["unknown"], "1.10");
    assert_eq!(read.billable_rate.unwrap().value, "100.0000000000000000001");
    let read: TimeEntry = decode_lenient(&desc, &json!({"hours": 1.5}));
    assert_eq!(read.hours.unwrap().value, "1.5");
}
