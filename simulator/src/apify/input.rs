//! The input of an actor: a JSON object that is held against the actor's schema before anything starts.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::errors::bad;
use crate::kernel::reply::Reply;

/// An object whose fields have the types that a schema gives them.
pub(super) struct Input {
    map: Map<String, Value>,
}

impl Input {
    /// None when there was no body at all.
    pub(super) fn parse(body: &Bytes) -> Result<Option<Self>, Reply> {
        if body.is_empty() {
            return Ok(None);
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Some(Self { map })),
            Ok(_) => Err(invalid("The input must be a JSON object")),
            Err(_) => Err(invalid("The input is not JSON")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(field(name, "must be string")),
        }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                texts.ok_or_else(|| field(name, "must be an array of strings"))
            }
            Some(_) => Err(field(name, "must be array")),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<usize>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.map(Some).ok_or_else(|| field(name, "must be integer, and not below 0"))
            }
        }
    }
}

pub(super) fn field(name: &str, problem: &str) -> Reply {
    invalid(&format!("Field input.{name} {problem}"))
}

pub(super) fn invalid(text: &str) -> Reply {
    bad("invalid-input", &format!("Input is not valid: {text}"))
}
