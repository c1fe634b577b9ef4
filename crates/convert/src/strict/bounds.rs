//! How much an input may hold, looked at before anything is made of it: what is over a bound costs one pass and no memory.
use prost_types::value::Kind;
use prost_types::{Struct, Value as Proto};
use serde_json::Value;

use crate::{MAX_DEPTH, MAX_KEYS, MAX_VALUES};

/// Finds what a text that may be JSON goes beyond; its syntax is for others to judge.
pub(super) fn of_text(text: &str) -> Result<(), String> {
    of_nested(text, &mut Count::default())
}

/// The same of a text within an input: what was counted before counts, too.
pub(super) fn of_nested(text: &str, count: &mut Count) -> Result<(), String> {
    let mut keys = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                count.value()?;
                // A list has no keys to count.
                keys.push((byte == b'{').then_some(1));
                within(keys.len())?;
            }
            b'}' | b']' => drop(keys.pop()),
            b',' => {
                count.value()?;
                if let Some(Some(keys)) = keys.last_mut() {
                    *keys += 1;
                    few(*keys)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Finds what JSON goes beyond.
pub(super) fn of_json(json: &Value) -> Result<(), String> {
    fn walk(json: &Value, depth: usize, count: &mut Count) -> Result<(), String> {
        count.value()?;
        match json {
            Value::Array(items) => {
                within(depth)?;
                items.iter().try_for_each(|value| walk(value, depth + 1, count))
            }
            Value::Object(map) => {
                within(depth)?;
                few(map.len())?;
                map.values().try_for_each(|value| walk(value, depth + 1, count))
            }
            _ => Ok(()),
        }
    }
    walk(json, 1, &mut Count::default())
}

/// Finds what a structure goes beyond.
pub(super) fn of_struct(structure: &Struct) -> Result<(), String> {
    fn fields(structure: &Struct, depth: usize, count: &mut Count) -> Result<(), String> {
        within(depth)?;
        few(structure.fields.len())?;
        structure.fields.values().try_for_each(|value| walk(value, depth + 1, count))
    }
    fn walk(value: &Proto, depth: usize, count: &mut Count) -> Result<(), String> {
        count.value()?;
        match &value.kind {
            Some(Kind::StructValue(structure)) => fields(structure, depth, count),
            Some(Kind::ListValue(list)) => {
                within(depth)?;
                list.values.iter().try_for_each(|value| walk(value, depth + 1, count))
            }
            _ => Ok(()),
        }
    }
    fields(structure, 1, &mut Count::default())
}

/// How many values there were so far.
#[derive(Default)]
pub(super) struct Count(usize);

impl Count {
    fn value(&mut self) -> Result<(), String> {
        self.0 += 1;
        if self.0 > MAX_VALUES {
            return Err(format!("must not hold more than {MAX_VALUES} values in all"));
        }
        Ok(())
    }
}

fn within(depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH { Err(super::too_deep()) } else { Ok(()) }
}

fn few(keys: usize) -> Result<(), String> {
    if keys > MAX_KEYS {
        return Err(format!("must not hold an object of more than {MAX_KEYS} keys"));
    }
    Ok(())
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_to_struct;

    /// What each of the three finds in the same input.
    fn found(text: &str) -> [Result<(), String>; 3] {
        let json: Value = serde_json::from_str(text).unwrap();
        [of_text(text), of_json(&json), of_struct(&json_to_struct(&json))]
    }

    fn object(keys: usize) -> String {
        let members: Vec<String> = (0..keys).map(|i| format!(r#""k,{i}\"{{":0"#)).collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn text_json_and_structures_have_the_same_bounds() {
        for fits in ["{}", r#"{"a": "[[[{{{,,,", "b": [1, 2, [], {}]}"#, &object(MAX_KEYS)] {
            assert_eq!(found(fits), [Ok(()), Ok(()), Ok(())], "{fits}");
        }
        for (text, told) in [
            (object(MAX_KEYS + 1), "500 keys"),
            (format!(r#"{{"a":[{}]}}"#, object(MAX_KEYS + 1)), "500 keys"),
            (format!(r#"{{"a":[{}0]}}"#, "0,".repeat(MAX_VALUES)), "10000 values"),
            (format!(r#"{{"a":[{}[]]}}"#, "[],".repeat(MAX_VALUES)), "10000 values"),
        ] {
            for found in found(&text) {
                assert!(found.unwrap_err().contains(told), "{told}");
            }
        }
        let deep = |levels: usize| format!("{}0{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(of_text(&deep(MAX_DEPTH)), Ok(()));
        assert!(of_text(&deep(MAX_DEPTH + 1)).unwrap_err().contains("64 levels"));
    }
}
