//! Options on fields, messages and enum values, read once from the descriptors.
use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, MessageDescriptor};

use crate::granary::policy::v1::{FieldRule, MessageRule};
use crate::pool;

/// What a field accepts and what it is called upstream; the default where nothing is declared.
pub fn field_rule(field: &FieldDescriptor) -> FieldRule {
    read(&field.options(), "granary.policy.v1.field")
}

/// What ties the fields of a message together; the default where nothing is declared.
pub fn message_rule(message: &MessageDescriptor) -> MessageRule {
    read(&message.options(), "granary.policy.v1.message")
}

/// The short text of an enum value, if it has one.
pub fn text_of(enumeration: &str, number: i32) -> Option<&'static str> {
    TEXTS.get(enumeration)?.iter().find(|(n, _)| *n == number).map(|(_, text)| text.as_str())
}

/// The third party's own word for an enum value, where it is another than the short text.
pub fn upstream_text_of(enumeration: &str, number: i32) -> Option<&'static str> {
    UPSTREAM_TEXTS.get(enumeration)?.iter().find(|(n, _)| *n == number).map(|(_, text)| text.as_str())
}

/// The number of the enum value that has a short text.
pub fn number_of(enumeration: &str, text: &str) -> Option<i32> {
    TEXTS.get(enumeration)?.iter().find(|(_, t)| t == text).map(|(n, _)| *n)
}

/// Every short text of an enum, in the order of its numbers.
pub fn texts(enumeration: &str) -> Vec<&'static str> {
    TEXTS.get(enumeration).map(|all| all.iter().map(|(_, t)| t.as_str()).collect()).unwrap_or_default()
}

type Texts = HashMap<String, Vec<(i32, String)>>;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| all_texts("granary.policy.v1.text"));
static UPSTREAM_TEXTS: LazyLock<Texts> = LazyLock::new(|| all_texts("granary.policy.v1.upstream_text"));

fn all_texts(option: &str) -> Texts {
    let Ok(pool) = pool() else { return HashMap::new() };
    pool.all_enums()
        .filter(|e| e.full_name().starts_with("granary."))
        .map(|e| (e.full_name().to_owned(), enum_texts(&e, option)))
        .collect()
}

fn enum_texts(enumeration: &EnumDescriptor, option: &str) -> Vec<(i32, String)> {
    let Some(extension) = pool().ok().and_then(|p| p.get_extension_by_name(option)) else {
        return Vec::new();
    };
    enumeration
        .values()
        .filter(|v| v.options().has_extension(&extension))
        .filter_map(|v| {
            let text = v.options().get_extension(&extension).as_str()?.to_owned();
            Some((v.number(), text))
        })
        .collect()
}

fn read<T: Message + Default>(options: &DynamicMessage, name: &str) -> T {
    let Some(extension) = pool().ok().and_then(|p| p.get_extension_by_name(name)) else {
        return T::default();
    };
    if !options.has_extension(&extension) {
        return T::default();
    }
    let bytes =
        options.get_extension(&extension).as_message().map(Message::encode_to_vec).unwrap_or_default();
    T::decode(bytes.as_slice()).unwrap_or_default()
}
