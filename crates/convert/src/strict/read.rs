//! Objects into messages: names, lists, maps, and alternatives.
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granary_proto::granary::types::v1::Warning;
use prost_reflect::{DynamicMessage, MapKey, Value as Dynamic};
use serde_json::{Map, Value};

use super::bounds::Count;
use super::{guard, nested, scalar};
use crate::shape::{Field, Form, Kind, Known, Shape, names_secret};
use crate::violations::{Violations, join, key, violation};
use crate::{integer, nearest};

/// For how many unknown keys the name that was probably meant is looked for.
const MAX_SUGGESTED: usize = 8;

/// Reads a message and gathers what is wrong with it.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) violations: Violations,
    /// The paths of values that could not be read; a default stands in their place.
    pub(super) faulty: HashSet<String>,
    /// How lists were read that came as one text.
    pub(super) notes: Vec<Warning>,
    /// For how many unknown keys the name that was meant was looked for.
    suggested: usize,
    /// How many values stood in texts.
    pub(super) nested: Count,
}

impl Reader {
    /// A reader of an input in which violations were found before.
    pub(super) fn new(violations: Violations) -> Self {
        Self { violations, ..Self::default() }
    }

    pub(super) fn message(
        &mut self,
        shape: &Shape,
        object: &Map<String, Value>,
        path: &str,
    ) -> DynamicMessage {
        let mut message = DynamicMessage::new(shape.desc.clone());
        let mut keys: HashMap<usize, &str> = HashMap::new();
        let mut alternatives: HashMap<&str, &str> = HashMap::new();
        for (name, json) in object {
            if self.violations.is_full() {
                break;
            }
            let Some((index, field)) = shape.of_caller(name) else {
                self.unknown(shape, name, json, path);
                continue;
            };
            let at = join(path, &field.name);
            if let Some(other) = keys.insert(index, name) {
                self.wrong(&at, format!("is given twice, as {other} and {name}"));
                continue;
            }
            if json.is_null() {
                continue;
            }
            if let Some(oneof) = &field.oneof
                && let Some(other) = alternatives.insert(oneof, &field.name)
            {
                self.wrong(&at, format!("cannot be given together with {other}"));
            }
            let value =
                if shape.is_extra(field) { self.extra(json, &at) } else { self.field(field, json, &at) };
            if let Some(value) = value {
                // Every reader below makes values of the field's own kind.
                let _ = message.try_set_field(&field.desc, value);
            }
        }
        message
    }

    fn unknown(&mut self, shape: &Shape, name: &str, json: &Value, path: &str) {
        let at = join(path, &key(name));
        if names_secret(name) {
            self.violations.push(guard::refused(&at));
            return;
        }
        let near = if self.suggested < MAX_SUGGESTED { nearest(shape.names(), name) } else { None };
        self.suggested += 1;
        self.violations.push(match near {
            Some(near) => violation(&at, format!("is not a field here; did you mean {near}?")),
            None => violation(&at, "is not a field here"),
        });
        guard::scan(json, &at, &mut self.violations);
    }

    fn field(&mut self, field: &Field, json: &Value, path: &str) -> Option<Dynamic> {
        match &field.form {
            Form::One => self.value(field, json, path),
            Form::List => self.list(field, json, path),
            Form::Map(keys) => self.map(field, keys, json, path),
        }
    }

    /// The object that is meant, also where it came as a text.
    pub(super) fn object<'a>(&mut self, json: &'a Value, path: &str) -> Option<Cow<'a, Map<String, Value>>> {
        match json {
            Value::Object(object) => Some(Cow::Borrowed(object)),
            Value::String(text) => {
                nested::object(text, path, &mut self.nested, &mut self.violations).map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// A value, or a default in the place of one that cannot be read.
    pub(super) fn filled(&mut self, field: &Field, json: &Value, path: &str) -> Dynamic {
        let kind = match field.desc.kind() {
            prost_reflect::Kind::Message(entry) if entry.is_map_entry() => {
                entry.map_entry_value_field().kind()
            }
            kind => kind,
        };
        self.value(field, json, path).unwrap_or_else(|| Dynamic::default_value(&kind))
    }

    fn map(&mut self, field: &Field, keys: &Kind, json: &Value, path: &str) -> Option<Dynamic> {
        let Some(object) = self.object(json, path) else {
            return self.refuse(json, path, "must be an object".to_owned());
        };
        let mut entries = HashMap::new();
        for (name, json) in object.iter() {
            if self.violations.is_full() {
                break;
            }
            let at = join(path, &key(name));
            if names_secret(name) {
                self.violations.push(guard::refused(&at));
                continue;
            }
            match map_key(keys, name) {
                Some(read) => {
                    entries.insert(read, self.filled(field, json, &at));
                }
                None => self.wrong(&at, "is not a key that this field takes".to_owned()),
            }
        }
        Some(Dynamic::Map(entries))
    }

    /// The reverse of what is printed for it: a map of raw JSON.
    fn extra(&mut self, json: &Value, path: &str) -> Option<Dynamic> {
        let Some(object) = self.object(json, path) else {
            return self.refuse(json, path, "must be an object".to_owned());
        };
        object.iter().for_each(|(name, json)| guard::scan_member(name, json, path, &mut self.violations));
        let entry = |(k, v): (&String, &Value)| (MapKey::String(k.clone()), Dynamic::String(v.to_string()));
        Some(Dynamic::Map(object.iter().map(entry).collect()))
    }

    fn value(&mut self, field: &Field, json: &Value, path: &str) -> Option<Dynamic> {
        if let Kind::Message(nested) = &field.kind {
            return match self.object(json, path) {
                Some(object) => Some(Dynamic::Message(self.message(nested.shape(), &object, path))),
                None => self.refuse(json, path, "must be an object".to_owned()),
            };
        }
        let meant = match &field.kind {
            Kind::Known(Known::Struct, _) if json.is_string() => self.object(json, path),
            _ => None,
        };
        let meant = meant.map(|object| Value::Object(object.into_owned()));
        let json = meant.as_ref().unwrap_or(json);
        match scalar::read(field, json) {
            Ok(value) => {
                guard::scan(json, path, &mut self.violations);
                Some(value)
            }
            Err(wanted) => self.refuse(json, path, wanted),
        }
    }

    pub(super) fn refuse(&mut self, json: &Value, path: &str, wanted: String) -> Option<Dynamic> {
        guard::scan(json, path, &mut self.violations);
        self.wrong(path, wanted);
        None
    }

    fn wrong(&mut self, path: &str, description: String) {
        self.violations.push(violation(path, description));
        self.faulty.insert(path.to_owned());
    }
}

fn map_key(kind: &Kind, name: &str) -> Option<MapKey> {
    match kind {
        Kind::Text => Some(MapKey::String(name.to_owned())),
        Kind::Bool => name.parse().ok().map(MapKey::Bool),
        Kind::Integer(width) => match width.dynamic(integer::strict(name)?)? {
            Dynamic::I32(v) => Some(MapKey::I32(v)),
            Dynamic::I64(v) => Some(MapKey::I64(v)),
            Dynamic::U32(v) => Some(MapKey::U32(v)),
            Dynamic::U64(v) => Some(MapKey::U64(v)),
            _ => None,
        },
        _ => None,
    }
}
