//! Any JSON in any field of any tool: what Harvest gets is what was meant, or the call is refused and nothing is sent.
//!
//! | Written | Sent |
//! |---|---|
//! | a text | the same, letter by letter |
//! | a number for a text, a text for a number | the same digits |
//! | hours with more than nine digits after the point | the nearest with nine |
//! | a page above 100 | 100 |
//! | a space of another width in a time of day | an ordinary one |
//! | null | nothing |
use granary_proto::Method;
use granary_proto::options::field_rule;
use granary_rpc::{Reason, error::reason_of};
use granary_testkit::trial::{Ended, try_values};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Number, Value, json};

use crate::stub::{Canned, Seen, Stub};
use crate::{service, token};

/// How many inputs are tried; a few seconds.
const TRIED: u32 = 700;

/// Every tool with each of its fields.
fn fields() -> Vec<(&'static Method, FieldDescriptor)> {
    let table = granary_proto::policy_table().unwrap();
    let tools = table.process("harvest-time").filter(|m| !m.tool.is_empty());
    tools.flat_map(|m| m.descriptor.input().fields().map(move |f| (m, f)).collect::<Vec<_>>()).collect()
}

fn good(tool: &str) -> Value {
    match tool {
        "log_time_entry" => json!({"project_id": 1, "task_id": 2, "spent_date": "2026-03-31"}),
        "update_time_entry" => json!({"time_entry_id": 5, "task_id": 2}),
        "stop_timer" | "restart_timer" | "delete_time_entry" => json!({"time_entry_id": 5}),
        "list_project_task_assignments" => json!({"project_id": 1}),
        "get_user" => json!({"user_id": "me"}),
        _ => json!({}),
    }
}

fn values(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    let number = |text: &str| Value::Number(text.parse::<Number>().unwrap());
    let texts =
        |texts: &[&str]| prop::sample::select(texts.iter().map(|t| json!(t)).collect::<Vec<_>>()).boxed();
    let near = match field.kind() {
        Kind::Bool => prop_oneof![texts(&["true", "False"]), any::<bool>().prop_map(Value::Bool)].boxed(),
        Kind::Int32 | Kind::Int64 => (1_i64..4_000_000_000)
            .prop_flat_map(move |n| {
                let all = vec![json!(n), json!(n % 300 + 1), json!(n.to_string()), number(&format!("{n}.0"))];
                prop::sample::select(all)
            })
            .boxed(),
        Kind::Message(message) if message.full_name() == "google.type.Decimal" => {
            let long = (0_u32..25, "[0-9]{1,20}")
                .prop_map(move |(whole, fraction)| number(&format!("{whole}.{fraction}")));
            let double = (0.0..24.0).prop_map(|n: f64| json!(n));
            prop_oneof![long, double, "[0-9]{1,2}\\.[0-9]{0,14}".prop_map(Value::from)].boxed()
        }
        Kind::Message(message) if message.full_name() == "google.type.Date" => {
            (1_u32..=12, 1_u32..=31).prop_map(|(m, d)| json!(format!("2026-{m:02}-{d:02}"))).boxed()
        }
        Kind::Message(_) => texts(&["2026-03-31T14:00:00Z", "2026-03-31", "now"]),
        _ if field.name().ends_with("_time") => {
            texts(&["8:00am", "8:00\u{202f}AM", "14:59", "8:00\u{a0}pm", "8:00\u{200e} AM", "25:00"])
        }
        _ => "\\PC{0,30}".prop_map(Value::from).boxed(),
    };
    let odd =
        texts(&["", "null", "undefined", "a\u{200b}b", "[\"A\"]", "1e3", "-1", "me", "9223372036854775808"]);
    let numbers = ["7.44e18", "9007199254740993", "0", "1.5", "2.0", "1e400", "1782959"];
    let numbers = prop::sample::select(numbers.map(number).to_vec());
    prop_oneof![6 => near, 2 => odd, 2 => numbers, 1 => Just(Value::Null), 1 => Just(json!(["x"])), 1 => Just(json!({"a": 1}))]
        .boxed()
}

#[test]
fn what_harvest_gets_is_what_was_meant_or_nothing_is_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fields = fields();
    let values = fields.iter().map(|(_, field)| values(field)).collect();
    try_values(TRIED, values, |at, value| {
        let (method, field) = &fields[at];
        let Value::Object(mut input) = good(&method.tool) else { panic!("an object") };
        input.insert(field.name().to_owned(), value);
        if field.name() == "started_time" && method.tool == "log_time_entry" {
            input.insert("ended_time".to_owned(), json!("23:59"));
        }
        let given = Value::Object(input.clone());
        let (outcome, seen) = runtime.block_on(async {
            // Members may not read the company, so Harvest decides which variant is right.
            let upstream = Stub::start(vec![Canned::new("GET", "/v2/company", 403, "{}")]).await;
            let outcome = service(&upstream.url).await.call(&method.path, &token(), &given).await;
            (outcome, upstream.seen())
        });
        let invalid = outcome.as_ref().err().and_then(reason_of) == Some(Reason::InvalidInput);
        let own = |call: &&Seen| method.tool == "get_company" || call.path != "/v2/company";
        let (ended, wrong) = if invalid {
            (Ended::Refused, seen.first().map(|call| format!("refused after {call:?}")))
        } else if let Some(call) = seen.iter().find(own) {
            (Ended::Taken, difference(method, &input, call))
        } else {
            (Ended::Taken, Some(format!("nothing was sent, and nothing refused: {outcome:?}")))
        };
        (ended, wrong.map(|wrong| format!("{} {given}: {wrong}", method.tool)))
    });
}

/// Where a call says something else than the input.
fn difference(method: &Method, input: &Map<String, Value>, call: &Seen) -> Option<String> {
    let query = call.query.split('&').filter_map(|pair| pair.split_once('='));
    let mut sent: Map<String, Value> = query.map(|(k, v)| (k.to_owned(), json!(decoded(v)))).collect();
    sent.extend(call.body.as_object().cloned().unwrap_or_default());
    let path = method.upstream.as_ref().unwrap().path.clone();
    for (name, value) in input.iter().filter(|(_, value)| !value.is_null()) {
        let field = method.descriptor.input().get_field_by_name(name)?;
        if path.contains(&format!("{{{name}}}")) {
            let (before, after) = path.split_once(&format!("{{{name}}}"))?;
            let segment =
                call.path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).map(decoded);
            if segment.as_deref().is_none_or(|segment| !same(&field, value, segment)) {
                return Some(format!("{name} was sent in {}", call.path));
            }
            continue;
        }
        let text =
            sent.remove(name).map(|sent| sent.as_str().map_or_else(|| sent.to_string(), str::to_owned));
        let nothing = value.as_str() == Some("") && call.method == "GET";
        if !(nothing && text.is_none()) && text.as_deref().is_none_or(|text| !same(&field, value, text)) {
            return Some(format!("{name} was sent as {text:?}"));
        }
    }
    sent.retain(|name, _| {
        let field = method.descriptor.input().get_field_by_name(name);
        field.is_none_or(|field| field_rule(&field).default_value.is_empty())
    });
    (!sent.is_empty()).then(|| format!("{sent:?} was sent besides"))
}

fn same(field: &FieldDescriptor, value: &Value, sent: &str) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        _ => return false,
    };
    let exact = |text: &str| text.strip_suffix(".0").unwrap_or(text).to_owned();
    match field.kind() {
        Kind::Int32 if field.name() == "per_page" => {
            exact(&text).parse::<i128>().ok().map(|n| n.min(100)) == sent.parse().ok()
        }
        Kind::Int32 | Kind::Int64 => exact(&text) == sent,
        Kind::Bool => text.eq_ignore_ascii_case(sent),
        Kind::Message(message) if message.full_name() == "google.type.Decimal" => {
            let apart = text.parse::<f64>().ok().zip(sent.parse::<f64>().ok()).map(|(a, b)| (a - b).abs());
            let digits = sent.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
            apart.is_some_and(|apart| apart <= 0.6e-9) && digits <= 9
        }
        Kind::Message(_) => text == sent,
        _ if field.name().ends_with("_time") => text.replace(['\u{202f}', '\u{a0}'], " ") == sent,
        _ if value.is_number() => exact(&text) == sent,
        _ => text == sent,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
