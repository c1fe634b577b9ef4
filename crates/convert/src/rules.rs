//! What the fields of a request accept, as declared beside them in the protos.
mod field;
mod settle;
mod ties;

pub(crate) use settle::settle;

/// What would be right, in words.
pub(crate) mod wanted {
    pub(crate) use super::field::{too_many, wanted_choice, wanted_integer, wanted_known};
}

use std::collections::HashSet;

use granary_proto::granary::types::v1::Warning;
use granary_rpc::{Error, Reason, Violation};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, Value};

use crate::shape::{Field, Form, Kind, Shape};
use crate::violations::{Violations, invalid, item, join, violation};

/// Longest text where a field declares none, in bytes of UTF-8.
pub(crate) const DEFAULT_MAX_BYTES: u32 = 8192;

/// A typed request that passed its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// The request in the one form in which it is sent on.
    pub message: DynamicMessage,
    /// The request as it was given.
    pub given: DynamicMessage,
    /// What was changed so that the caller should know of it.
    pub warnings: Vec<Warning>,
}

/// The violations of a typed request, up to a hundred: field rules and message rules, also of the messages in it.
pub fn check(message: &DynamicMessage) -> Vec<Violation> {
    check_beside(message, &HashSet::new(), Violations::default()).into_vec()
}

/// Checks a typed request and returns it in the form that upstream mappings read.
///
/// # Errors
/// Every violation at once, as invalid input.
pub fn check_typed<M: Message>(desc: &MessageDescriptor, message: &M) -> Result<Typed, Error> {
    let bytes = message.encode_to_vec();
    let given = DynamicMessage::decode(desc.clone(), bytes.as_slice()).map_err(|e| {
        Error::new(Reason::Internal, format!("the request does not fit {}", desc.full_name())).caused_by(e)
    })?;
    let mut message = given.clone();
    let warnings = settle(&mut message);
    let violations = check_settled(&message, &HashSet::new(), Violations::default());
    if violations.is_empty() {
        Ok(Typed { message, given, warnings })
    } else {
        Err(invalid(violations.into_vec()))
    }
}

/// The same as [`check`] on top of other violations, except for fields that are known to be faulty: they count as set and are
/// not looked at.
pub(crate) fn check_beside(
    message: &DynamicMessage,
    faulty: &HashSet<String>,
    violations: Violations,
) -> Violations {
    let mut settled = message.clone();
    settle(&mut settled);
    check_settled(&settled, faulty, violations)
}

fn check_settled(message: &DynamicMessage, faulty: &HashSet<String>, violations: Violations) -> Violations {
    let mut checker = Checker { faulty, violations };
    checker.message(message, "");
    checker.violations
}

struct Checker<'a> {
    faulty: &'a HashSet<String>,
    violations: Violations,
}

impl Checker<'_> {
    fn message(&mut self, message: &DynamicMessage, path: &str) {
        if self.violations.is_full() {
            return;
        }
        let shape = Shape::of(&message.descriptor());
        for field in &shape.fields {
            let at = join(path, &field.name);
            if self.faulty.contains(&at) {
                continue;
            }
            if message.has_field(&field.desc) {
                self.field(field, &message.get_field(&field.desc), &at);
            } else if field.rule.required {
                self.violations.push(violation(&at, "is required"));
            }
        }
        let set = |name: &str| {
            let given = shape.field(name).is_some_and(|f| message.has_field(&f.desc));
            given || self.faulty.contains(&join(path, name))
        };
        // An explicit "false" switches nothing on, so it excludes nothing.
        let on = |name: &str| {
            let off = |f: &Field| message.get_field(&f.desc).as_bool() == Some(false);
            set(name) && (self.faulty.contains(&join(path, name)) || !shape.field(name).is_some_and(off))
        };
        // A blank text filters nothing.
        let filled = |name: &str| {
            let words = |f: &Field| !blank(&message.get_field(&f.desc));
            set(name) && (self.faulty.contains(&join(path, name)) || shape.field(name).is_some_and(words))
        };
        let day = |name: &str| {
            let day = shape.field(name).map(|f| message.get_field(&f.desc));
            day.filter(|_| set(name)).and_then(|day| field::day(day.as_message()?))
        };
        let given = ties::Given { set: &set, on: &on, filled: &filled, day: &day };
        let violations = ties::check(&shape.rule, path, &given);
        self.violations.extend(violations);
    }

    fn field(&mut self, field: &Field, value: &Value, path: &str) {
        match (&field.form, value) {
            (Form::List, Value::List(values)) => {
                let most = field.rule.max_items as usize;
                if most > 0 && values.len() > most {
                    return self.violations.push(violation(path, field::too_many(most)));
                }
                for (index, value) in values.iter().enumerate() {
                    self.value(field, value, &item(path, index));
                }
            }
            (Form::Map(_), Value::Map(entries)) => {
                for (key, value) in entries {
                    let key = key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned);
                    self.value(field, value, &join(path, &crate::violations::key(&key)));
                }
            }
            _ => self.value(field, value, path),
        }
    }

    fn value(&mut self, field: &Field, value: &Value, path: &str) {
        if self.violations.is_full() || self.faulty.contains(path) {
            return;
        }
        match (&field.kind, value) {
            (Kind::Message(_), Value::Message(nested)) => self.message(nested, path),
            _ => {
                if let Some(wrong) = field::wrong(field, value) {
                    self.violations.push(violation(path, wrong));
                }
            }
        }
    }
}

/// Whether a value holds nothing but blanks, and commas, of which nothing is left once items are joined.
fn blank(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().all(|c| c == ',' || c.is_whitespace()),
        Value::List(items) => items.iter().all(blank),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
