//! A message's descriptor, compiled once into what conversion asks for: names, kinds, forms, rules.
mod build;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use granary_proto::granary::policy::v1::FieldRule;
use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::integer::Width;
pub(crate) use build::known;

/// A message.
pub(crate) struct Shape {
    pub(crate) desc: MessageDescriptor,
    /// In the order of their numbers.
    pub(crate) fields: Vec<Field>,
    /// Rules that tie several fields together.
    pub(crate) rule: Ties,
    /// The map that keeps what is not modelled, as raw JSON.
    pub(crate) extra: Option<usize>,
    callers: HashMap<String, usize>,
}

/// A field.
pub(crate) struct Field {
    pub(crate) desc: FieldDescriptor,
    pub(crate) name: String,
    pub(crate) number: u32,
    /// What one value of it is; of a map, the value's.
    pub(crate) kind: Kind,
    pub(crate) form: Form,
    /// Whether unset and zero differ.
    pub(crate) presence: bool,
    /// The `oneof` it belongs to, other than the one that `optional` makes.
    pub(crate) oneof: Option<String>,
    pub(crate) rule: FieldRule,
    /// Whether its name is one of a credential.
    pub(crate) secret: bool,
}

/// How many values a field has.
pub(crate) enum Form {
    One,
    List,
    /// With the kind of its keys.
    Map(Kind),
}

/// What a value is.
pub(crate) enum Kind {
    Bool,
    Integer(Width),
    Float,
    Double,
    Text,
    Bytes,
    Enum(Vec<Choice>),
    Known(Known, MessageDescriptor),
    Message(Nested),
}

/// Messages that have a form of their own in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Date,
    Decimal,
    Timestamp,
    Duration,
    Struct,
    Value,
    ListValue,
}

/// A value of an enum.
pub(crate) struct Choice {
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) text: Option<String>,
}

/// A message inside a message, compiled when it is first asked for, because messages may hold themselves.
pub(crate) struct Nested {
    pub(crate) desc: MessageDescriptor,
    shape: OnceLock<Arc<Shape>>,
}

/// Rules of a message: lists of field names. In `at_most_one` each alternative is a group of fields.
#[derive(Default)]
pub(crate) struct Ties {
    pub(crate) at_least_one: Vec<Vec<String>>,
    pub(crate) at_most_one: Vec<Vec<Vec<String>>>,
    pub(crate) together: Vec<Vec<String>>,
    pub(crate) filters: Vec<Vec<String>>,
    /// Days of which none must be after the next.
    pub(crate) in_order: Vec<Vec<String>>,
}

impl Shape {
    /// The shape of a message; that of a message of the contract is compiled once in a process.
    pub(crate) fn of(desc: &MessageDescriptor) -> Arc<Self> {
        match CONTRACT.get(desc.full_name()) {
            Some((known, shape)) if known == desc => {
                Arc::clone(shape.get_or_init(|| Arc::new(build::shape(desc))))
            }
            _ => Arc::new(build::shape(desc)),
        }
    }

    /// The field of that proto name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The same as other catalogues publish it: where a field has aliases, under the first of them. For showing alone.
    pub(crate) fn published(desc: &MessageDescriptor) -> Self {
        build::published(desc)
    }

    /// Every name by which a caller may give a field, but for those in the lowerCamelCase form.
    pub(crate) fn names<'a>(&'a self) -> impl Iterator<Item = &'a str> {
        let of_field = |field: &'a Field| std::iter::once(&field.name).chain(&field.rule.aliases);
        self.fields.iter().flat_map(of_field).map(String::as_str)
    }

    /// The field that a caller means by a key: the proto name, an alias, or the lowerCamelCase form of either.
    pub(crate) fn of_caller(&self, key: &str) -> Option<(usize, &Field)> {
        let index = *self.callers.get(key)?;
        self.fields.get(index).map(|f| (index, f))
    }

    /// Whether the field is the map that keeps what is not modelled.
    pub(crate) fn is_extra(&self, field: &Field) -> bool {
        self.extra.and_then(|i| self.fields.get(i)).is_some_and(|f| f.number == field.number)
    }
}

impl Nested {
    /// Its shape.
    pub(crate) fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::of(&self.desc))
    }
}

impl Choice {
    /// The text by which people know the value.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or(&self.name)
    }
}

/// The value of an enum that a text means, in any case.
pub(crate) fn choice<'a>(choices: &'a [Choice], text: &str) -> Option<&'a Choice> {
    let named = |c: &&Choice| c.text().eq_ignore_ascii_case(text);
    choices.iter().find(named).or_else(|| choices.iter().find(|c| c.name.eq_ignore_ascii_case(text)))
}

/// Whether a key names a credential, however it is spelt: "li_at", "liAt", "LI-AT".
pub(crate) fn names_secret(key: &str) -> bool {
    const NAMES: [&str; 6] = ["cookie", "liat", "proxy", "apikey", "accesstoken", "apifytoken"];
    // The longest spelling has few more signs than letters; a long key is no name.
    if key.len() > 40 {
        return false;
    }
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.contains(&plain.as_str())
}

type Slot = (MessageDescriptor, OnceLock<Arc<Shape>>);

static CONTRACT: LazyLock<HashMap<String, Slot>> = LazyLock::new(|| {
    let Ok(pool) = granary_proto::pool() else { return HashMap::new() };
    pool.all_messages().map(|m| (m.full_name().to_owned(), (m, OnceLock::new()))).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_however_they_are_spelt() {
        for key in [
            "cookie",
            "Cookie",
            "li_at",
            "liAt",
            "LI-AT",
            "apiKey",
            "api-key",
            "API_KEY",
            "accessToken",
            "apify_token",
            " proxy ",
        ] {
            assert!(names_secret(key), "{key}");
        }
        for key in ["cookies_allowed", "proxy_url_hint", "key", "token", "access", ""] {
            assert!(!names_secret(key), "{key}");
        }
    }

    #[test]
    fn every_message_of_the_contract_compiles() {
        for message in granary_proto::pool().unwrap().all_messages() {
            let shape = Shape::of(&message);
            assert_eq!(shape.fields.len(), message.fields().len());
            let ties = &shape.rule;
            let named =
                ties.at_least_one.iter().chain(&ties.together).chain(&ties.filters).chain(&ties.in_order);
            for name in named.chain(ties.at_most_one.iter().flatten()).flatten() {
                assert!(shape.field(name).is_some(), "{} ties {name}, which it has not", message.full_name());
            }
        }
    }

    #[test]
    fn no_alias_is_another_fields_name_or_alias_or_that_of_a_credential() {
        let mut aliases = 0;
        for message in granary_proto::pool().unwrap().all_messages() {
            let shape = Shape::of(&message);
            for field in &shape.fields {
                for alias in &field.rule.aliases {
                    aliases += 1;
                    let at = format!("{}.{}: {alias}", message.full_name(), field.name);
                    let named = |other: &&Field| other.name == *alias || other.rule.aliases.contains(alias);
                    let all: Vec<u32> = shape.fields.iter().filter(named).map(|f| f.number).collect();
                    assert_eq!(all, [field.number], "{at}");
                    assert!(!names_secret(alias), "{at}");
                    assert_eq!(shape.of_caller(alias).unwrap().1.number, field.number, "{at}");
                }
            }
        }
        assert!(aliases >= 20, "{aliases}");
    }
}
