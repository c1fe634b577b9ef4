//! Messages as the JSON that people expect: proto names, plain dates and numbers, lists and items.
mod scalar;

use granary_proto::granary::types::v1::{Charge, Warning};
use prost_reflect::{DynamicMessage, MapKey, ReflectMessage, Value as Dynamic};
use serde_json::{Map, Value};

use crate::shape::{Field, Form, Kind, Shape};

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOutput {
    /// The item's fields, or the list with what belongs to it.
    pub data: Value,
    /// What upstream billed; none where the tool is never billed.
    pub charge: Option<Charge>,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
}

/// A message as JSON. Fields that can be unset are left out where they are; the others are always there.
pub fn to_json(message: &DynamicMessage) -> Value {
    match scalar::known_message(message) {
        Some(json) => json,
        None => Value::Object(object(message, &Shape::of(&message.descriptor()))),
    }
}

/// A tool's response message: its item lies flat in the data, charge and warnings are lifted out of it.
pub fn tool_output(message: &DynamicMessage) -> ToolOutput {
    let shape = Shape::of(&message.descriptor());
    let mut output = ToolOutput { data: Value::Null, charge: None, warnings: Vec::new() };
    let mut data = Map::new();
    for field in &shape.fields {
        let value = message.get_field(&field.desc);
        match (place(field), value.as_ref()) {
            (Slot::Item, Dynamic::Message(item)) if message.has_field(&field.desc) => {
                merge(&mut data, object(item, &Shape::of(&item.descriptor())));
            }
            (Slot::Item, _) => {}
            (Slot::Charge, Dynamic::Message(charge)) if message.has_field(&field.desc) => {
                output.charge = charge.transcode_to().ok();
            }
            (Slot::Charge, _) => {}
            (Slot::Warnings, value) => {
                let all = value.as_list().unwrap_or_default().iter().filter_map(Dynamic::as_message);
                output.warnings = all.filter_map(|w| w.transcode_to().ok()).collect();
            }
            (Slot::Data, _) => {
                if let Some(json) = self::field(message, &shape, field) {
                    merge(&mut data, Map::from_iter([(field.name.clone(), json)]));
                }
            }
        }
    }
    output.data = Value::Object(data);
    output
}

/// Where a field of a response goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Item,
    Charge,
    Warnings,
    Data,
}

/// Where a field of a response goes.
pub(crate) fn place(field: &Field) -> Slot {
    let of = |name: &str| matches!(&field.kind, Kind::Message(m) if m.desc.full_name() == name);
    let one = matches!(field.form, Form::One);
    match field.name.as_str() {
        _ if field.rule.item && one && matches!(field.kind, Kind::Message(_)) => Slot::Item,
        "charge" if one && of("granary.types.v1.Charge") => Slot::Charge,
        "warnings" if matches!(field.form, Form::List) && of("granary.types.v1.Warning") => Slot::Warnings,
        _ => Slot::Data,
    }
}

/// Adds members; two objects under one name become one, and otherwise what is there stays.
fn merge(data: &mut Map<String, Value>, members: Map<String, Value>) {
    for (name, value) in members {
        match (data.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (Some(_), _) => {}
            (None, value) => {
                data.insert(name, value);
            }
        }
    }
}

fn object(message: &DynamicMessage, shape: &Shape) -> Map<String, Value> {
    shape.fields.iter().filter_map(|f| Some((f.name.clone(), field(message, shape, f)?))).collect()
}

/// The JSON of a field; none where it is left out.
fn field(message: &DynamicMessage, shape: &Shape, field: &Field) -> Option<Value> {
    let set = message.has_field(&field.desc);
    // "Unspecified" says nothing.
    let unsaid = !set && matches!((&field.form, &field.kind), (Form::One, Kind::Enum(_)));
    if (field.presence && !set) || unsaid {
        return None;
    }
    let value = message.get_field(&field.desc);
    match (&field.form, value.as_ref()) {
        (Form::List, Dynamic::List(items)) => {
            Some(Value::Array(items.iter().map(|v| one(field, v)).collect()))
        }
        (Form::Map(_), Dynamic::Map(entries)) => {
            let extra = shape.is_extra(field);
            if extra && entries.is_empty() {
                return None;
            }
            let mut pairs: Vec<(String, Value)> =
                entries.iter().map(|(k, v)| (key(k), if extra { raw(v) } else { one(field, v) })).collect();
            // Maps have no order of their own; the same answer should read the same.
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Some(Value::Object(pairs.into_iter().collect()))
        }
        (_, value) => Some(one(field, value)),
    }
}

fn one(field: &Field, value: &Dynamic) -> Value {
    match (&field.kind, value) {
        (Kind::Message(nested), Dynamic::Message(message)) => Value::Object(object(message, nested.shape())),
        (kind, value) => scalar::json(kind, value),
    }
}

/// Raw JSON as itself; what is none, as text.
fn raw(value: &Dynamic) -> Value {
    let text = value.as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(v) => v.to_string(),
        MapKey::I32(v) => v.to_string(),
        MapKey::I64(v) => v.to_string(),
        MapKey::U32(v) => v.to_string(),
        MapKey::U64(v) => v.to_string(),
        MapKey::String(v) => v.clone(),
    }
}
