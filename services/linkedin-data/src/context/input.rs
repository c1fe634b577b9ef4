//! What a checked request says, by the names of its fields.
use granary_proto::granary::types::v1::NextPage;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use super::CallContext;

impl CallContext {
    /// Whether a field was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.input.descriptor().get_field_by_name(name).is_some_and(|field| self.input.has_field(&field))
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.input.get_field_by_name(name).and_then(|value| value.as_bool()) == Some(true)
    }

    /// A whole number; 0 where it was not given.
    pub(crate) fn number(&self, name: &str) -> i64 {
        match self.input.get_field_by_name(name).as_deref() {
            Some(Value::I32(number)) => i64::from(*number),
            Some(Value::I64(number)) => *number,
            _ => 0,
        }
    }

    /// A text, where one was given.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        let value = self.input.get_field_by_name(name)?;
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        texts(&self.input, name)
    }

    /// The texts of a list as the caller wrote them.
    pub(crate) fn given_texts(&self, name: &str) -> Vec<String> {
        texts(&self.given, name)
    }

    /// Asks for another page.
    pub(crate) fn turn_to(&mut self, next: &NextPage) {
        let page = next.page.map(Value::I32);
        let token = next.pagination_token.clone().map(Value::String);
        for (name, value) in [("page", page), ("pagination_token", token)] {
            let Some(field) = self.input.descriptor().get_field_by_name(name) else { continue };
            match value {
                Some(value) => self.input.set_field(&field, value),
                None => self.input.clear_field(&field),
            }
        }
    }
}

fn texts(message: &DynamicMessage, name: &str) -> Vec<String> {
    let value = message.get_field_by_name(name);
    let items = value.as_deref().and_then(Value::as_list).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
