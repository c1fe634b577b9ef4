//! Changes an answer of JSON as a tree.

use serde_json::{Map, Value, json};

use crate::kernel::reply::Reply;

/// Changes a JSON answer as a tree; one that is no JSON stays as it is.
pub(super) fn json(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    if let Ok(mut value) = serde_json::from_slice(&reply.body) {
        change(&mut value);
        reply.body = value.to_string().into();
    }
}

/// Gives every scalar another type; the structure stays.
pub(super) fn wrong_types(value: &mut Value) {
    let mut turn = 0_usize;
    swap(value, &mut turn);
}

/// Adds fields that nobody models to objects of several depths.
pub(super) fn unknown_fields(value: &mut Value, depth: usize) {
    const DEPTHS: usize = 4;
    if depth >= DEPTHS {
        return;
    }
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(|inner| unknown_fields(inner, depth + 1));
            let (name, extra) = match depth {
                0 => ("sandbox_unmodelled", json!({"nested": {"list": [1, "two", null]}, "precise": 1})),
                1 => ("sandboxUnmodelled", json!("ünmodelled \"text\"")),
                2 => ("x-sandbox", json!([true, {"deep": 12_345_678_901_234_567_u64}])),
                _ => ("sandbox_null", Value::Null),
            };
            map.insert(name.to_owned(), extra);
            if depth == 0 {
                map.insert("sandbox_precise".to_owned(), precise());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| unknown_fields(inner, depth)),
        _ => {}
    }
}

/// Changes the first field that has one of these names and fits; the names are tried in their order, outer objects first.
pub(super) fn first(
    value: &mut Value,
    names: &[&str],
    fits: fn(&Value) -> bool,
    change: &mut dyn FnMut(&mut Value),
) -> bool {
    match value {
        Value::Object(map) => {
            if let Some(name) = names.iter().find(|name| map.get(**name).is_some_and(fits)) {
                map.get_mut(*name).into_iter().for_each(change);
                return true;
            }
            map.values_mut().any(|inner| first(inner, names, fits, change))
        }
        Value::Array(list) => list.iter_mut().any(|inner| first(inner, names, fits, change)),
        _ => false,
    }
}

/// Lengthens the first text that has one of these names.
pub(super) fn append(value: &mut Value, names: &[&str], more: &str) {
    first(value, names, Value::is_string, &mut |text| {
        *text = Value::String(format!("{} {more}", text.as_str().unwrap_or_default()));
    });
}

/// Takes out the fields at a path of names with dots between them; lists are walked row by row.
pub(super) fn remove(value: &mut Value, path: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|row| remove(row, path)),
        Value::Object(map) => match path.split_once('.') {
            None => drop(map.shift_remove(path)),
            Some((name, rest)) => map.get_mut(name).into_iter().for_each(|inner| remove(inner, rest)),
        },
        _ => {}
    }
}

fn swap(value: &mut Value, turn: &mut usize) {
    *turn += 1;
    let even = (*turn).is_multiple_of(2);
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| swap(inner, turn)),
        Value::Object(map) => map.values_mut().for_each(|inner| swap(inner, turn)),
        Value::Null => {}
        Value::Bool(flag) => *value = Value::String(flag.to_string()),
        Value::Number(number) if even => *value = Value::String(format!("about {number}")),
        Value::Number(number) => {
            let mut map = Map::new();
            map.insert("value".to_owned(), Value::Number(number.clone()));
            *value = Value::Object(map);
        }
        Value::String(text) if even => *value = json!(text.len()),
        Value::String(text) => *value = json!([text.clone()]),
    }
}

/// A number with more digits than a double holds.
fn precise() -> Value {
    serde_json::from_str("0.1234567890123456789012345").unwrap_or(Value::Null)
}
