//! One message's table.
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::fields::{Fields, bare_text};
use crate::{OURS, rust};

/// Types of other packages that have a form in JSON.
const KNOWN: [&str; 7] = [
    "google.type.Date",
    "google.type.Decimal",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.ListValue",
];

/// The implementation of `Fields` for a message.
pub(crate) fn decoder(desc: &MessageDescriptor) -> Result<String, Box<dyn Error>> {
    let fields = Fields::of(desc);
    let names: Vec<(&str, usize)> = fields.names.iter().map(|(n, i)| (n.as_str(), *i)).collect();
    let words = (names.len() + fields.fields.len()).div_ceil(64).max(1);
    let bare = match bare_text(desc) {
        Some(field) => Some(fields.key_of(&field).ok_or(format!("{} has no {field}", desc.full_name()))?),
        None => None,
    };

    let mut out = String::new();
    writeln!(out, "impl Fields for {} {{", rust::path(desc.full_name(), desc.package_name()))?;
    writeln!(out, "    type Marks = [u64; {words}];")?;
    writeln!(out, "    const NAMES: &'static [(&'static str, usize)] = &{names:?};")?;
    writeln!(out, "    const ITEM: &'static str = {:?};", fields.item().unwrap_or_default())?;
    writeln!(out, "    const BARE: Option<&'static str> = {bare:?};")?;
    find(&names, &mut out)?;
    writeln!(
        out,
        "    fn fill(&mut self, slot: usize, value: Field<'_, '_>) -> Result<Outcome, Malformed> {{"
    )?;
    writeln!(out, "        match slot {{")?;
    for (slot, field) in fields.fields.iter().enumerate() {
        writeln!(out, "            {slot} => {},", fill(field))?;
    }
    writeln!(out, "            _ => value.unused(),\n        }}\n    }}")?;
    if let Some(extra) = &fields.extra {
        let name = rust::ident(extra.name());
        writeln!(out, "    fn extra(&mut self) -> Option<&mut HashMap<String, String>> {{")?;
        writeln!(out, "        Some(&mut self.{name})\n    }}")?;
    }
    writeln!(out, "    fn is_there(&self) -> bool {{\n        {}\n    }}", is_there(&fields))?;
    writeln!(out, "}}")?;
    Ok(out)
}

/// Whether the entity is there: the answer's item, the id where there is one, else anything that is modelled.
fn is_there(fields: &Fields) -> String {
    let named = |name: &str| fields.fields.iter().find(|field| field.name() == name && !field.is_list());
    if let Some(item) = fields.item().and_then(named) {
        return format!("self.{}.as_ref().is_some_and(|item| item.is_there())", rust::ident(item.name()));
    }
    if let Some(id) = named("id") {
        return is_set(id);
    }
    let any: Vec<String> = fields.fields.iter().map(is_set).collect();
    if any.is_empty() { "true".to_owned() } else { any.join(" || ") }
}

fn is_set(field: &FieldDescriptor) -> String {
    let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
    let name = rust::ident(oneof.as_ref().map_or(field.name(), |oneof| oneof.name()));
    match field.kind() {
        _ if oneof.is_some() => format!("self.{name}.is_some()"),
        _ if field.is_list() || field.is_map() => format!("!self.{name}.is_empty()"),
        // A blank text is how a value is written that is not there.
        Kind::String if field.supports_presence() => {
            format!(
                "self.{name}.as_ref().is_some_and(|text| !text.trim().is_empty() && !granary_rpc::absent::is_absent(text))"
            )
        }
        Kind::Int64 | Kind::Int32 if field.supports_presence() && field.name() == "id" => {
            format!("self.{name}.is_some_and(|id| id > 0)")
        }
        _ if field.supports_presence() => format!("self.{name}.is_some()"),
        Kind::String | Kind::Bytes => format!("!self.{name}.is_empty()"),
        Kind::Bool => format!("self.{name}"),
        Kind::Float | Kind::Double => format!("self.{name} != 0.0"),
        _ => format!("self.{name} != 0"),
    }
}

/// From a key to the position of its name, by length first: that leaves few texts to compare.
fn find(names: &[(&str, usize)], out: &mut String) -> Result<(), std::fmt::Error> {
    if names.is_empty() {
        return writeln!(out, "    fn find(_: &str) -> Option<usize> {{\n        None\n    }}");
    }
    let mut lengths: BTreeMap<usize, Vec<(usize, &str)>> = BTreeMap::new();
    for (number, (name, _)) in names.iter().enumerate() {
        lengths.entry(name.len()).or_default().push((number, name));
    }
    writeln!(out, "    fn find(key: &str) -> Option<usize> {{")?;
    writeln!(out, "        Some(match key.len() {{")?;
    for (length, names) in lengths {
        let arms: Vec<String> = names.iter().map(|(number, name)| format!("{name:?} => {number}")).collect();
        writeln!(out, "            {length} => match key {{ {}, _ => return None }},", arms.join(", "))?;
    }
    writeln!(out, "            _ => return None,\n        }})\n    }}")
}

/// How one field takes a value.
fn fill(field: &FieldDescriptor) -> String {
    let name = rust::ident(field.name());
    if field.is_map() {
        return map(field, &name);
    }
    let choice = match field.kind() {
        kind if !is_readable(&kind) => return "value.unused()".to_owned(),
        Kind::Enum(desc) => Some(choice(&desc)),
        _ => None,
    };
    let oneof = field.containing_oneof().filter(|o| !o.is_synthetic());
    match (choice, oneof) {
        (choice, Some(oneof)) => {
            // The first member that comes wins.
            let message = field.parent_message();
            let module =
                rust::path(&format!("{}.{}", message.full_name(), oneof.name()), message.package_name());
            let variant = rust::camel(field.name());
            let (kind, got) = choice.map_or(("_".to_owned(), "v"), |choice| (choice, "v.number()"));
            let name = rust::ident(oneof.name());
            format!(
                "if self.{name}.is_some() {{ value.unused() }} else {{ \
                 value.with(|v: {kind}| self.{name} = Some({module}::{variant}({got}))) }}"
            )
        }
        (Some(choice), None) if field.is_list() => {
            format!("value.each(|v: {choice}| self.{name}.push(v.number()))")
        }
        (Some(choice), None) if field.supports_presence() => {
            format!("value.with(|v: {choice}| self.{name} = Some(v.number()))")
        }
        (Some(choice), None) => format!("value.with(|v: {choice}| self.{name} = v.number())"),
        (None, None) if field.is_list() => format!("value.many(&mut self.{name})"),
        (None, None) => format!("value.one(&mut self.{name})"),
    }
}

fn map(field: &FieldDescriptor, name: &str) -> String {
    let Kind::Message(entry) = field.kind() else { return "value.unused()".to_owned() };
    match entry.map_entry_value_field().kind() {
        kind if !is_readable(&kind) => "value.unused()".to_owned(),
        Kind::Enum(desc) => {
            let choice = choice(&desc);
            format!("value.entries(|k, v: {choice}| {{ self.{name}.insert(k, v.number()); }})")
        }
        _ => format!("value.entries(|k, v| {{ self.{name}.insert(k, v); }})"),
    }
}

fn choice(desc: &EnumDescriptor) -> String {
    format!("Choice<{}>", rust::path(desc.full_name(), desc.package_name()))
}

/// Whether there is a form in JSON for it; what has none stays in `extra`.
fn is_readable(kind: &Kind) -> bool {
    match kind {
        Kind::Message(desc) => desc.full_name().starts_with(OURS) || KNOWN.contains(&desc.full_name()),
        Kind::Enum(desc) => desc.full_name().starts_with(OURS),
        _ => true,
    }
}
