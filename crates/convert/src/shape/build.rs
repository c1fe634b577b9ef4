//! From descriptors to shapes.
use std::collections::HashMap;
use std::sync::OnceLock;

use granary_proto::options::{field_rule, message_rule};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind as Proto, MessageDescriptor};

use super::{Choice, Field, Form, Kind, Known, Nested, Shape, Ties, names_secret};
use crate::integer::Width;

/// The name of the map that keeps what is not modelled.
const EXTRA: &str = "extra";

/// Compiles one message, and nothing that it holds.
pub(super) fn shape(desc: &MessageDescriptor) -> Shape {
    let fields: Vec<Field> = desc.fields().map(|f| field(&f)).collect();
    let extra = fields
        .iter()
        .position(|f| f.name == EXTRA && matches!((&f.form, &f.kind), (Form::Map(Kind::Text), Kind::Text)));
    let mut callers = HashMap::new();
    for (index, field) in fields.iter().enumerate() {
        callers.insert(field.desc.json_name().to_owned(), index);
        for alias in &field.rule.aliases {
            callers.insert(lower_camel_case(alias), index);
            callers.insert(alias.clone(), index);
        }
    }
    // A proto name wins over another field's JSON name.
    for (index, field) in fields.iter().enumerate() {
        callers.insert(field.name.clone(), index);
    }
    Shape { desc: desc.clone(), rule: ties(desc), fields, extra, callers }
}

/// The same under the names that other catalogues publish.
pub(super) fn published(desc: &MessageDescriptor) -> Shape {
    let mut shape = shape(desc);
    let mut names = HashMap::new();
    for field in &mut shape.fields {
        if let Some(alias) = field.rule.aliases.first() {
            names.insert(std::mem::replace(&mut field.name, alias.clone()), alias.clone());
        }
    }
    let ties = &mut shape.rule;
    let lists = [&mut ties.at_least_one, &mut ties.together, &mut ties.filters, &mut ties.in_order];
    let named = lists.into_iter().flatten().chain(ties.at_most_one.iter_mut().flatten()).flatten();
    for name in named {
        if let Some(alias) = names.get(name) {
            name.clone_from(alias);
        }
    }
    shape
}

/// The name that protobuf gives a field of this name in JSON.
fn lower_camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

fn field(desc: &FieldDescriptor) -> Field {
    let (form, kind) = match desc.kind() {
        Proto::Message(entry) if desc.is_map() => (
            Form::Map(kind(&entry.map_entry_key_field().kind())),
            kind(&entry.map_entry_value_field().kind()),
        ),
        one if desc.is_list() => (Form::List, kind(&one)),
        one => (Form::One, kind(&one)),
    };
    Field {
        name: desc.name().to_owned(),
        number: desc.number(),
        kind,
        form,
        presence: desc.supports_presence(),
        oneof: desc.containing_oneof().filter(|o| !o.is_synthetic()).map(|o| o.name().to_owned()),
        rule: field_rule(desc),
        secret: names_secret(desc.name()),
        desc: desc.clone(),
    }
}

fn kind(proto: &Proto) -> Kind {
    let integer = |long, signed| Kind::Integer(Width { long, signed });
    match proto {
        Proto::Bool => Kind::Bool,
        Proto::Int32 | Proto::Sint32 | Proto::Sfixed32 => integer(false, true),
        Proto::Uint32 | Proto::Fixed32 => integer(false, false),
        Proto::Int64 | Proto::Sint64 | Proto::Sfixed64 => integer(true, true),
        Proto::Uint64 | Proto::Fixed64 => integer(true, false),
        Proto::Float => Kind::Float,
        Proto::Double => Kind::Double,
        Proto::String => Kind::Text,
        Proto::Bytes => Kind::Bytes,
        Proto::Enum(desc) => Kind::Enum(choices(desc)),
        Proto::Message(desc) => match known(desc.full_name()) {
            Some(known) => Kind::Known(known, desc.clone()),
            None => Kind::Message(Nested { desc: desc.clone(), shape: OnceLock::new() }),
        },
    }
}

pub(crate) fn known(name: &str) -> Option<Known> {
    Some(match name {
        "google.type.Date" => Known::Date,
        "google.type.Decimal" => Known::Decimal,
        "google.protobuf.Timestamp" => Known::Timestamp,
        "google.protobuf.Duration" => Known::Duration,
        "google.protobuf.Struct" => Known::Struct,
        "google.protobuf.Value" => Known::Value,
        "google.protobuf.ListValue" => Known::ListValue,
        _ => return None,
    })
}

fn choices(desc: &EnumDescriptor) -> Vec<Choice> {
    let option = desc.parent_pool().get_extension_by_name("granary.policy.v1.text");
    let text = |value: &prost_reflect::EnumValueDescriptor| {
        let (option, options) = (option.as_ref()?, value.options());
        if !options.has_extension(option) {
            return None;
        }
        options.get_extension(option).as_str().map(str::to_owned)
    };
    desc.values().map(|v| Choice { number: v.number(), name: v.name().to_owned(), text: text(&v) }).collect()
}

fn ties(desc: &MessageDescriptor) -> Ties {
    let rule = message_rule(desc);
    let names = |list: &String| list.split(',').map(|n| n.trim().to_owned()).collect::<Vec<_>>();
    let groups = |list: &String| {
        list.split(',').map(|g| g.split('+').map(|n| n.trim().to_owned()).collect()).collect::<Vec<Vec<_>>>()
    };
    Ties {
        at_least_one: rule.at_least_one.iter().map(names).collect(),
        at_most_one: rule.at_most_one.iter().map(groups).collect(),
        together: rule.together.iter().map(names).collect(),
        filters: rule.filters.iter().map(names).collect(),
        in_order: rule.in_order.iter().map(names).collect(),
    }
}
