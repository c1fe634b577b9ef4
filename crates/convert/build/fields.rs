//! Which keys of an answer mean which field.
use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

/// The fields that upstream may fill, in the order of their numbers, and the map that keeps the rest.
pub(crate) struct Fields {
    pub(crate) fields: Vec<FieldDescriptor>,
    pub(crate) extra: Option<FieldDescriptor>,
    /// Keys, each with the position of its field.
    pub(crate) names: BTreeMap<String, usize>,
}

impl Fields {
    pub(crate) fn of(desc: &MessageDescriptor) -> Self {
        let (extra, fields): (Vec<_>, Vec<_>) = desc.fields().partition(is_extra);
        let mut names = BTreeMap::new();
        for (index, field) in fields.iter().enumerate() {
            let upstream = upstream(field);
            if upstream.is_empty() {
                names.insert(field.json_name().to_owned(), index);
            }
            names.extend(upstream.into_iter().map(|name| (name, index)));
        }
        // A proto name wins over another field's JSON name.
        for (index, field) in fields.iter().enumerate().filter(|(_, f)| upstream(f).is_empty()) {
            names.insert(field.name().to_owned(), index);
        }
        Self { fields, extra: extra.into_iter().next(), names }
    }

    /// A key that means the field of that proto name.
    pub(crate) fn key_of(&self, field: &str) -> Option<&str> {
        let index = self.fields.iter().position(|f| f.name() == field)?;
        self.names.iter().find(|(_, i)| **i == index).map(|(name, _)| name.as_str())
    }

    /// The proto name of the answer's item.
    pub(crate) fn item(&self) -> Option<&str> {
        let is_item = |f: &&FieldDescriptor| rule(f).is_some_and(|r| flag(&r, "item"));
        self.fields.iter().find(is_item).map(FieldDescriptor::name)
    }
}

/// The proto name of the field that a bare text stands for.
pub(crate) fn bare_text(desc: &MessageDescriptor) -> Option<String> {
    let rule = option(&desc.options(), desc, "granary.policy.v1.message")?;
    let name = rule.get_field_by_name("bare_text")?.as_str()?.to_owned();
    (!name.is_empty()).then_some(name)
}

fn is_extra(field: &FieldDescriptor) -> bool {
    let is_text = |f: FieldDescriptor| matches!(f.kind(), Kind::String);
    let Kind::Message(entry) = field.kind() else { return false };
    field.name() == "extra"
        && field.is_map()
        && is_text(entry.map_entry_key_field())
        && is_text(entry.map_entry_value_field())
}

fn upstream(field: &FieldDescriptor) -> Vec<String> {
    let Some(rule) = rule(field) else { return Vec::new() };
    let names = rule.get_field_by_name("upstream");
    let names = names.as_deref().and_then(Value::as_list).unwrap_or_default();
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn rule(field: &FieldDescriptor) -> Option<DynamicMessage> {
    option(&field.options(), field.parent_message(), "granary.policy.v1.field")
}

fn flag(rule: &DynamicMessage, name: &str) -> bool {
    rule.get_field_by_name(name).and_then(|v| v.as_bool()) == Some(true)
}

fn option(options: &DynamicMessage, of: &MessageDescriptor, name: &str) -> Option<DynamicMessage> {
    let extension = of.parent_pool().get_extension_by_name(name)?;
    // An option that is absent reads as its defaults.
    let value = options.has_extension(&extension).then(|| options.get_extension(&extension))?;
    value.as_message().cloned()
}
