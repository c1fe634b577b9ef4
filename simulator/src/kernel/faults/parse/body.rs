//! Reads what becomes of a body.

use serde_json::Value;

use crate::kernel::faults::effect::BodyFault;
use crate::kernel::fields::{Complaint, Fields};

const BODIES: [(&str, BodyFault); 6] = [
    ("cut", BodyFault::Cut),
    ("garbage", BodyFault::Garbage),
    ("huge", BodyFault::Huge),
    ("wrong_types", BodyFault::WrongTypes),
    ("html", BodyFault::Html),
    ("empty", BodyFault::Empty),
];
const COMPLAINT: &str =
    "must be one of cut, garbage, huge, wrong_types, html, empty, or {\"json\": …}, or {\"text\": \"…\"}";

/// Reads a word, or an object with the whole of the body.
pub(super) fn body(fields: &mut Fields) -> Result<Option<BodyFault>, Complaint> {
    let wrong = || Complaint::new("body", COMPLAINT);
    match fields.raw("body") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) if map.len() == 1 => {
            let found = map.into_iter().next().and_then(|(name, value)| match (name.as_str(), value) {
                ("json", value) => Some(BodyFault::Json(value)),
                ("text", Value::String(text)) => Some(BodyFault::Text(text)),
                _ => None,
            });
            found.map(Some).ok_or_else(wrong)
        }
        Some(value) => {
            let found = BODIES.iter().find(|(word, _)| value.as_str() == Some(word));
            found.map(|(_, body)| Some(body.clone())).ok_or_else(wrong)
        }
    }
}
