//! A JSON object that is taken apart field by field.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::decimal::Micros;

/// The fields that were not taken yet; a complaint names the field that it is about.
pub(crate) struct Fields {
    map: Map<String, Value>,
}

/// What is wrong with which field.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct Complaint {
    field: String,
    problem: String,
}

/// Milliseconds.
const MAX_WAIT: u64 = 600_000;

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Complaint> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self { map }),
            Ok(_) => Err(Complaint::new("body", "must be a JSON object")),
            Err(_) => Err(Complaint::new("body", "is not JSON")),
        }
    }

    pub(crate) fn of(map: Map<String, Value>) -> Self {
        Self { map }
    }

    /// Lifts the members of a nested object to this level; both ways of writing are taken.
    pub(crate) fn lift(&mut self, name: &str) -> Result<(), Complaint> {
        match self.map.shift_remove(name) {
            None => Ok(()),
            Some(Value::Object(inner)) => {
                self.map.extend(inner);
                Ok(())
            }
            Some(_) => Err(Complaint::new(name, "must be an object")),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(crate) fn raw(&mut self, name: &str) -> Option<Value> {
        self.map.shift_remove(name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Complaint> {
        match self.map.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(Complaint::new(name, "must be a text that is not empty")),
        }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<u64>, Complaint> {
        match self.map.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) if number.is_u64() => Ok(number.as_u64()),
            Some(_) => Err(Complaint::new(name, "must be a whole number, not below 0")),
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Complaint> {
        match self.map.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(Complaint::new(name, "must be true or false")),
        }
    }

    /// Dollars, as a number or a text.
    pub(crate) fn dollars(&mut self, name: &str) -> Result<Option<Micros>, Complaint> {
        let Some(value) = self.map.shift_remove(name) else { return Ok(None) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parsed = Micros::parse_dollars(&text);
        parsed.map(Some).ok_or_else(|| Complaint::new(name, "must be dollars with at most six decimals"))
    }

    /// A time to wait, in milliseconds.
    pub(crate) fn wait(&mut self, name: &str) -> Result<Option<Duration>, Complaint> {
        match self.integer(name)? {
            Some(time) if time > MAX_WAIT => Err(Complaint::new(name, "must be at most 600000")),
            time => Ok(time.map(Duration::from_millis)),
        }
    }

    /// One word out of a fixed list.
    pub(crate) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Complaint> {
        let Some(value) = self.map.shift_remove(name) else { return Ok(None) };
        if let Some((_, found)) = words.iter().find(|(word, _)| value.as_str() == Some(word)) {
            return Ok(Some(*found));
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Err(Complaint::new(name, &format!("must be one of {}", known.join(", "))))
    }

    /// Refuses whatever was not taken.
    pub(crate) fn finish(self) -> Result<(), Complaint> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(Complaint::new(name, "is not a known field")),
        }
    }
}

impl Complaint {
    pub(crate) fn new(field: &str, problem: &str) -> Self {
        Self { field: field.to_owned(), problem: problem.to_owned() }
    }
}
