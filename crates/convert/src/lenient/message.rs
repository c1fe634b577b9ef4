//! Objects as protobuf messages, written straight to the wire.
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{scalar, wire};
use crate::shape::{Field, Form, Kind, Shape};

/// How deep messages may be nested in an answer. Decoders allow a hundred levels, of which a structure inside a message
/// takes up to 75; what lies deeper is kept as raw JSON.
const MAX_NESTED: usize = 20;

/// What found no place: key, or path below the message, and raw JSON.
type Kept = Vec<(String, String)>;

/// Writes the fields of a message, and what it cannot use into its `extra`, else to the homeless.
pub(super) fn write(
    shape: &Shape,
    object: &Map<String, Value>,
    out: &mut Vec<u8>,
    homeless: &mut Kept,
    level: usize,
) {
    let mut taken = vec![false; shape.fields.len()];
    let mut kept = Kept::new();
    let mut below = Kept::new();
    for (key, json) in object {
        let outcome = match shape.of_upstream(key) {
            // Unset; there is nothing to keep of it.
            Some(_) if json.is_null() => continue,
            Some((index, field)) => match taken.get_mut(index) {
                Some(taken) if !*taken => {
                    let outcome = write_field(field, key, json, out, &mut below, level);
                    *taken = outcome != Outcome::Nothing;
                    outcome
                }
                _ => Outcome::Nothing,
            },
            None => Outcome::Nothing,
        };
        if outcome != Outcome::All {
            kept.push((key.clone(), json.to_string()));
        }
    }
    kept.append(&mut below);
    if !kept.is_empty() {
        write_extra(shape, kept, out, homeless);
    }
}

/// Writes the entries of a message's `extra`, or hands them to the message around it.
pub(super) fn write_extra(shape: &Shape, kept: Kept, out: &mut Vec<u8>, homeless: &mut Kept) {
    let Some(extra) = shape.extra.and_then(|i| shape.fields.get(i)) else {
        homeless.extend(kept);
        return;
    };
    let mut seen: HashSet<String> = HashSet::with_capacity(kept.len());
    for (mut key, raw) in kept {
        // A path from below may read like a key of this message.
        while !seen.insert(key.clone()) {
            key.push('\'');
        }
        wire::nested(extra.number, out, |out| {
            wire::text(1, &key, out);
            wire::text(2, &raw, out);
        });
    }
}

/// How much of a value was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    All,
    Some,
    Nothing,
}

fn write_field(
    field: &Field,
    key: &str,
    json: &Value,
    out: &mut Vec<u8>,
    below: &mut Kept,
    level: usize,
) -> Outcome {
    match (&field.form, json) {
        (Form::One, _) => outcome(one(field, json, key, out, below, level), true),
        (Form::List, Value::Array(items)) => {
            let mut written = 0;
            for (index, item) in items.iter().enumerate() {
                // A path is made only where something below needs it.
                let at = Path::Item(key, index);
                written += usize::from(one_at(field, item, &at, out, below, level));
            }
            outcome(written == items.len(), written > 0)
        }
        (Form::List, _) => outcome(one(field, json, key, out, below, level), true),
        // To a decoder an entry is a message around its value.
        (Form::Map(keys), Value::Object(entries)) => {
            let mut written = 0;
            for (name, value) in entries {
                let start = out.len();
                let mut whole = false;
                wire::nested(field.number, out, |out| {
                    whole = scalar::key(keys, name, out)
                        && one_numbered(field, 2, value, &Path::Member(key, name), out, below, level + 1);
                });
                if !whole {
                    out.truncate(start);
                }
                written += usize::from(whole);
            }
            outcome(written == entries.len(), written > 0)
        }
        (Form::Map(_), _) => Outcome::Nothing,
    }
}

fn outcome(all: bool, some: bool) -> Outcome {
    match (all, some) {
        (true, _) => Outcome::All,
        (false, true) => Outcome::Some,
        (false, false) => Outcome::Nothing,
    }
}

/// Where a value stands below the message that is being written.
enum Path<'a> {
    Key(&'a str),
    Item(&'a str, usize),
    Member(&'a str, &'a str),
}

impl Path<'_> {
    fn below(&self, rest: &str) -> String {
        match self {
            Self::Key(key) => format!("{key}.{rest}"),
            Self::Item(key, index) => format!("{key}[{index}].{rest}"),
            Self::Member(key, name) => format!("{key}.{name}.{rest}"),
        }
    }
}

fn one(field: &Field, json: &Value, key: &str, out: &mut Vec<u8>, below: &mut Kept, level: usize) -> bool {
    one_at(field, json, &Path::Key(key), out, below, level)
}

fn one_at(
    field: &Field,
    json: &Value,
    at: &Path<'_>,
    out: &mut Vec<u8>,
    below: &mut Kept,
    level: usize,
) -> bool {
    one_numbered(field, field.number, json, at, out, below, level)
}

/// Writes one value under a field number; false where its type is unusable.
fn one_numbered(
    field: &Field,
    number: u32,
    json: &Value,
    at: &Path<'_>,
    out: &mut Vec<u8>,
    below: &mut Kept,
    level: usize,
) -> bool {
    match (&field.kind, json) {
        (Kind::Message(nested), Value::Object(object)) if level < MAX_NESTED => {
            let mut homeless = Kept::new();
            wire::nested(number, out, |out| write(nested.shape(), object, out, &mut homeless, level + 1));
            below.extend(homeless.into_iter().map(|(rest, raw)| (at.below(&rest), raw)));
            true
        }
        (Kind::Message(_), _) => false,
        (kind, json) => scalar::write(kind, number, json, out),
    }
}
