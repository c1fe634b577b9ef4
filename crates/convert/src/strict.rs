//! What a caller wrote: JSON becomes a request, or every violation of it is told at once, up to a bound.
mod bounds;
mod guard;
mod list;
#[cfg(test)]
mod lists_and_maps;
mod nested;
mod read;
mod scalar;
mod text;

pub(crate) use scalar::from_base64;

use granary_proto::granary::types::v1::Warning;
use granary_rpc::Error;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use prost_types::Struct;
use serde_json::Value;

use crate::rules::check_beside;
use crate::shape::Shape;
use crate::violations::{Violations, invalid, violation};
use crate::{MAX_DEPTH, structs};

/// A request with what its caller should know of how it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolInput {
    /// The request.
    pub message: DynamicMessage,
    /// How lists were read that came as one text. What the service that is called changes, it tells itself.
    pub warnings: Vec<Warning>,
}

/// Reads a tool's input: conversion, field and message rules, and the guard against credentials.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn parse_input(desc: &MessageDescriptor, json: &Value) -> Result<DynamicMessage, Error> {
    tool_input(desc, json).map(|input| input.message)
}

/// The same, with how it was read.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn tool_input(desc: &MessageDescriptor, json: &Value) -> Result<ToolInput, Error> {
    bounds::of_json(json).map_err(beyond)?;
    read_input(desc, json, Violations::default())
}

/// The same from a structure.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn tool_input_struct(desc: &MessageDescriptor, structure: Struct) -> Result<ToolInput, Error> {
    bounds::of_struct(&structure).map_err(beyond)?;
    read_input(desc, &structs::struct_to_json(structure), Violations::default())
}

/// The same from text. Keys that are given twice are violations; empty text is an empty object.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn parse_input_text(desc: &MessageDescriptor, text: &str) -> Result<DynamicMessage, Error> {
    tool_input_text(desc, text).map(|input| input.message)
}

/// The same, with how it was read.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn tool_input_text(desc: &MessageDescriptor, text: &str) -> Result<ToolInput, Error> {
    if text.trim().is_empty() {
        return tool_input(desc, &Value::Object(serde_json::Map::new()));
    }
    bounds::of_text(text).map_err(beyond)?;
    let json = text::parse(text).map_err(beyond)?;
    let mut twice = Violations::default();
    twice.extend(text::duplicates(text).iter().map(|path| violation(path, "is given twice")));
    read_input(desc, &json, twice)
}

/// The error of an input that is not looked into.
fn beyond(wrong: String) -> Error {
    invalid(vec![violation("", wrong)])
}

fn read_input(desc: &MessageDescriptor, json: &Value, violations: Violations) -> Result<ToolInput, Error> {
    let mut reader = read::Reader::new(violations);
    let Some(object) = reader.object(json, "") else {
        reader.violations.push(violation("", "must be a JSON object"));
        guard::scan(json, "", &mut reader.violations);
        return Err(invalid(reader.violations.into_vec()));
    };
    let message = reader.message(&Shape::of(desc), &object, "");
    let read::Reader { violations, faulty, notes, .. } = reader;
    let violations = check_beside(&message, &faulty, violations);
    if violations.is_empty() {
        Ok(ToolInput { message, warnings: notes })
    } else {
        Err(invalid(violations.into_vec()))
    }
}

fn too_deep() -> String {
    format!("must not be nested more than {MAX_DEPTH} levels deep")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log_time_entry() -> MessageDescriptor {
        granary_proto::pool().unwrap().get_message_by_name("granary.harvest.v1.LogTimeEntryRequest").unwrap()
    }

    #[test]
    fn no_credential_is_taken_or_repeated_at_any_depth() {
        let secret = "AQEDATest-secret";
        for input in [
            json!({"cookie": secret}),
            json!({"notes": {"a": [{"liAt": secret}]}}),
            json!({"nonsense": {"deep": [[{"API-KEY": secret}]]}}),
            json!({"project_id": [{"access_token": secret}]}),
            json!([{"proxy": secret}]),
        ] {
            let error = parse_input(&log_time_entry(), &input).unwrap_err();
            assert!(
                error.violations().iter().any(|v| v.description.contains("PutSealedCredential")),
                "{error}"
            );
            assert!(!format!("{error} {error:?}").contains(secret));
        }
    }

    #[test]
    fn text_is_bounded_and_says_a_key_once() {
        let twice = r#"{"task_id": 1, "project_id": 7, "t\u0061sk_id": 2, "spent_date": "2026-03-31"}"#;
        let error = parse_input_text(&log_time_entry(), twice).unwrap_err();
        assert_eq!(error.violations().len(), 1);
        assert_eq!(error.violations()[0].field, "task_id");
        for depth in [70, 200, 100_000] {
            let deep = format!("{}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
            let error = parse_input_text(&log_time_entry(), &deep).unwrap_err();
            assert!(
                error.to_string().contains("64 levels") || error.to_string().contains("not JSON"),
                "{error}"
            );
        }
        let error = parse_input_text(&log_time_entry(), "  ").unwrap_err();
        assert_eq!(error.violations().len(), 3);
    }
}
