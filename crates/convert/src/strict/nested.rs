//! JSON within a text, where a list or an object is meant: clients of agents write the one for the other.
use granary_rpc::unseen::is_unseen;
use serde_json::{Map, Value};

use super::bounds::Count;
use super::{bounds, text};
use crate::violations::{Violations, join, violation};

/// What a text holds in the place of a list.
pub(super) enum Listed {
    /// A JSON array.
    Items(Vec<Value>),
    /// Words.
    Words,
    /// Something that begins as JSON does, and is no array.
    Broken,
}

/// Reads a text that stands where a list is meant.
pub(super) fn list(written: &str, path: &str, count: &mut Count, violations: &mut Violations) -> Listed {
    match json(written, ['[', '{'], path, count, violations) {
        None if is_name(written) => Listed::Words,
        None if begin(written).starts_with(['[', '{', '`']) || is_text_of_json(written) => Listed::Broken,
        None => Listed::Words,
        Some(Value::Array(items)) => Listed::Items(items),
        Some(_) => Listed::Broken,
    }
}

/// The items that an item of a list stands for, where it is the text of a JSON array itself.
pub(super) fn items(
    item: &Value,
    path: &str,
    count: &mut Count,
    violations: &mut Violations,
) -> Option<Vec<Value>> {
    match json(item.as_str()?, ['['; 2], path, count, violations)? {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// The object that a text stands for.
pub(super) fn object(
    written: &str,
    path: &str,
    count: &mut Count,
    violations: &mut Violations,
) -> Option<Map<String, Value>> {
    match json(written, ['{'; 2], path, count, violations)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// A text without what cannot be seen before it, such as the mark that files begin with.
fn begin(written: &str) -> &str {
    written.trim_start_matches(|c: char| c.is_whitespace() || is_unseen(c))
}

/// Whether a text that begins with a bracket is one of those that names begin with, such as "[24]7.ai": it is closed, words follow
/// it, and nothing of it is in quotes.
fn is_name(written: &str) -> bool {
    let written = begin(written).trim_end();
    let within = written.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    within.is_some_and(|(within, rest)| {
        let is_plain = !within.contains([',', '[', '{']) && !rest.contains(']') && !written.contains('"');
        is_plain && !rest.trim().is_empty() && !rest.trim().starts_with(',')
    })
}

/// Whether JSON was written as a text of JSON once more.
fn is_text_of_json(written: &str) -> bool {
    begin(written).starts_with("\"[") || begin(written).starts_with("\"{")
}

/// The JSON in a text that begins with one of these signs. It counts towards the bounds of the whole input.
fn json(
    written: &str,
    begins: [char; 2],
    path: &str,
    count: &mut Count,
    violations: &mut Violations,
) -> Option<Value> {
    let written = begin(written);
    if !written.starts_with(begins) {
        return None;
    }
    if let Err(beyond) = bounds::of_nested(written, count) {
        violations.push(violation(path, beyond));
        return None;
    }
    let json = text::parse(written).ok()?;
    violations
        .extend(text::duplicates(written).iter().map(|at| violation(&join(path, at), "is given twice")));
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_begin_with_a_bracket() {
        for name in ["[24]7.ai", "[x]cube LABS, Stripe", "[Senior] Engineer"] {
            assert!(is_name(name), "{name}");
        }
        for list in ["[A, B]", "[A", "[\"A\"] B", "[A] , B", "[A], [B]", "[]", "{A} B"] {
            assert!(!is_name(list), "{list}");
        }
    }
}
