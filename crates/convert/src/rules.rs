//! What the fields of a request accept, as declared beside them in the protos.
mod field;
mod format;
mod ties;
mod url;

/// What would be right, in words.
pub(crate) mod wanted {
    pub(crate) use super::field::{too_many, wanted_choice, wanted_integer, wanted_known};
}

use std::collections::HashSet;

use granary_rpc::{Error, Reason, Violation};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, Value};

use crate::shape::{Field, Form, Kind, Shape};
use crate::violations::{Faults, fault, invalid, item, join};

/// Longest text where a field declares none, in bytes of UTF-8.
pub(crate) const DEFAULT_MAX_BYTES: u32 = 8192;

/// The faults of a typed request, up to a hundred: field rules and message rules, also of the messages in it.
pub fn check(message: &DynamicMessage) -> Vec<Violation> {
    check_beside(message, &HashSet::new(), Faults::default()).into_vec()
}

/// Checks a typed request and returns it in the form that upstream mappings read.
///
/// # Errors
/// Every fault at once, as invalid input.
pub fn check_typed<M: Message>(desc: &MessageDescriptor, message: &M) -> Result<DynamicMessage, Error> {
    let bytes = message.encode_to_vec();
    let dynamic = DynamicMessage::decode(desc.clone(), bytes.as_slice()).map_err(|e| {
        Error::new(Reason::Internal, format!("the request does not fit {}", desc.full_name())).caused_by(e)
    })?;
    let faults = check(&dynamic);
    if faults.is_empty() { Ok(dynamic) } else { Err(invalid(faults)) }
}

/// The same as [`check`] on top of other faults, except for fields that are known to be faulty: they count as set and are
/// not looked at.
pub(crate) fn check_beside(message: &DynamicMessage, faulty: &HashSet<String>, faults: Faults) -> Faults {
    let mut checker = Checker { faulty, faults };
    checker.message(message, "");
    checker.faults
}

struct Checker<'a> {
    faulty: &'a HashSet<String>,
    faults: Faults,
}

impl Checker<'_> {
    fn message(&mut self, message: &DynamicMessage, path: &str) {
        if self.faults.is_full() {
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
                self.faults.push(fault(&at, "is required"));
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
        let faults = ties::check(&shape.rule, path, &ties::Given { set: &set, on: &on, filled: &filled });
        self.faults.extend(faults);
    }

    fn field(&mut self, field: &Field, value: &Value, path: &str) {
        match (&field.form, value) {
            (Form::List, Value::List(values)) => {
                let most = field.rule.max_items as usize;
                if most > 0 && values.len() > most {
                    return self.faults.push(fault(path, field::too_many(most)));
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
        if self.faults.is_full() || self.faulty.contains(path) {
            return;
        }
        match (&field.kind, value) {
            (Kind::Message(_), Value::Message(nested)) => self.message(nested, path),
            _ => {
                if let Some(wrong) = field::wrong(field, value) {
                    self.faults.push(fault(path, wrong));
                }
            }
        }
    }
}

/// Whether a value holds nothing but blanks.
fn blank(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty(),
        Value::List(items) => items.iter().all(blank),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use granary_proto::google::r#type::{Date, Decimal};
    use granary_proto::granary::harvest::v1::{LogTimeEntryRequest, UpdateTimeEntryRequest};

    fn descriptor(name: &str) -> MessageDescriptor {
        granary_proto::pool().unwrap().get_message_by_name(name).unwrap()
    }

    fn fields(faults: &[Violation]) -> Vec<&str> {
        faults.iter().map(|v| v.field.as_str()).collect()
    }

    #[test]
    fn a_typed_request_is_checked_like_json() {
        let desc = descriptor("granary.harvest.v1.LogTimeEntryRequest");
        let good = LogTimeEntryRequest {
            project_id: 1,
            task_id: 2,
            spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
            hours: Some(Decimal { value: "1.50".into() }),
            ..LogTimeEntryRequest::default()
        };
        assert!(check_typed(&desc, &good).is_ok());
        let bad = LogTimeEntryRequest {
            spent_date: Some(Date { year: 2026, month: 3, day: 0 }),
            hours: Some(Decimal { value: "24.001".into() }),
            started_time: Some("25:00".into()),
            user_id: Some(0),
            notes: Some("a\u{0}b".into()),
            ..good
        };
        let error = check_typed(&desc, &LogTimeEntryRequest { project_id: 0, ..bad }).unwrap_err();
        assert_eq!(
            fields(error.violations()),
            [
                "ended_time",
                "hours",
                "notes",
                "project_id",
                "spent_date",
                "started_time",
                "started_time",
                "user_id"
            ]
        );
    }

    #[test]
    fn an_update_must_change_something_and_may_empty_the_notes() {
        let desc = descriptor("granary.harvest.v1.UpdateTimeEntryRequest");
        let nothing = UpdateTimeEntryRequest { time_entry_id: 1, ..Default::default() };
        let error = check_typed(&desc, &nothing).unwrap_err();
        assert_eq!(fields(error.violations()), [""]);
        let emptied = UpdateTimeEntryRequest { notes: Some(String::new()), ..nothing };
        assert!(check_typed(&desc, &emptied).is_ok());
    }
}
