//! Inputs made from a tool's schema.
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

use crate::validator::valid;

/// Inputs that fit the schema.
pub(crate) fn inputs(schema: Value) -> BoxedStrategy<Value> {
    let root = schema.clone();
    object(&root, &schema)
        .prop_map(in_order)
        .prop_filter("ties between fields", move |input| valid(&schema, &schema, input))
        .boxed()
}

/// Days in the order that no keyword of a schema can ask for.
fn in_order(mut input: Value) -> Value {
    for (first, second) in [("from", "to"), ("start_date", "end_date")] {
        if let (Some(from), Some(to)) = (input[first].as_str(), input[second].as_str())
            && from > to
        {
            let (from, to) = (from.to_owned(), to.to_owned());
            (input[first], input[second]) = (to.into(), from.into());
        }
    }
    input
}

fn object(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map(|r| r.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = properties
        .iter()
        .map(|(name, property)| {
            let name = name.clone();
            let needed = required.contains(&name.as_str());
            let member = value(root, property).prop_map(move |v| (name.clone(), v));
            if needed { member.prop_map(Some).boxed() } else { prop::option::weighted(0.3, member).boxed() }
        })
        .collect();
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect())).boxed()
}

fn value(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = &root["$defs"][name.trim_start_matches("#/$defs/")];
        return object(root, target);
    }
    // A list, or the same as one text; the list is the form that is printed.
    if let Some(forms) = schema["anyOf"].as_array() {
        return value(root, &forms[0]);
    }
    if let Some(texts) = schema["enum"].as_array() {
        return prop::sample::select(texts.clone()).boxed();
    }
    match schema["type"].as_str() {
        Some("boolean") => any::<bool>().prop_map(Value::Bool).boxed(),
        Some("integer") => {
            let most = schema["maximum"].as_i64().unwrap_or(i64::from(i32::MAX));
            (schema["minimum"].as_i64().unwrap_or(1)..=most).prop_map(Value::from).boxed()
        }
        Some("number") => decimal(schema["maximum"].as_i64().unwrap_or(1000)),
        Some("array") => {
            prop::collection::vec(value(root, &schema["items"]), 1..4).prop_map(Value::Array).boxed()
        }
        Some("object") => Just(json!({"a": 1})).boxed(),
        _ => text(schema),
    }
}

/// A decimal below a bound, with its own number of digits after the point.
fn decimal(most: i64) -> BoxedStrategy<Value> {
    (0..most, 0_u32..10_000, 0_usize..5)
        .prop_map(|(whole, fraction, digits)| {
            let text = format!("{whole}.{fraction:04}");
            let text = &text[..text.len() - 4 + digits];
            Value::Number(text.trim_end_matches('.').parse::<Number>().unwrap())
        })
        .boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    let days = (1_i32..=9999, 1_i32..=12, 1_i32..=28);
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("date"), _) => days.prop_map(|(y, m, d)| json!(format!("{y:04}-{m:02}-{d:02}"))).boxed(),
        (Some("date-time"), _) => {
            days.prop_map(|(y, m, d)| json!(format!("{y:04}-{m:02}-{d:02}T08:00:01.5Z"))).boxed()
        }
        (Some(_), _) => {
            // "me" is whoever looks, and is refused.
            "[a-z]{3,9}".prop_map(|slug| json!(format!("https://www.linkedin.com/in/{slug}"))).boxed()
        }
        (_, Some(url)) if url.contains("linkedin") => {
            let pages =
                ["in/", "company", "jobs/", "groups/", "ad-library/detail/", "ad-library/search", "sales/"];
            let page = match pages.into_iter().find(|page| url.contains(page)) {
                Some("company") => "company/",
                Some("sales/") => "sales/search/people?query=",
                Some("jobs/") => "jobs/view/lamplighter-1",
                Some("ad-library/search") => "ad-library/search?keyword=",
                Some(page) if page != "in/" || url.contains("/in/") => page,
                _ => "posts/jane-doe-activity-7",
            };
            let is_numbered = page.starts_with("jobs") || page == "ad-library/detail/";
            let end = if is_numbered { "[0-9]{1,9}" } else { "[a-z]{1,9}" };
            end.prop_map(move |end| json!(format!("https://www.linkedin.com/{page}{end}"))).boxed()
        }
        (_, Some(clock)) if clock.contains("[0-5]") => (1_u8..=12, 0_u8..60, any::<bool>())
            .prop_map(|(h, m, half)| json!(format!("{h}:{m:02}{}", if half { "pm" } else { "" })))
            .boxed(),
        (_, Some(ids)) if ids.contains("[0-9]+") => "[1-9][0-9]{0,8}".prop_map(Value::from).boxed(),
        (_, Some(country)) if country.contains("ALL") => "[A-Z]{2}".prop_map(Value::from).boxed(),
        (_, Some(_)) => "[a-zé][a-z0-9é-]{0,20}".prop_map(Value::from).boxed(),
        _ => "[a-zA-Z0-9é\"\\\\ -]{1,40}[a-z]".prop_map(Value::from).boxed(),
    }
}
