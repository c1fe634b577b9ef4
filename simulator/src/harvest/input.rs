//! What a call sends of a time entry.

use std::borrow::Cow;

use http::StatusCode;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::account::ExternalReference;
use super::{clock, errors, filters};
use crate::decimal::Decimal;
use crate::kernel::call::{Call, parse_form};
use crate::kernel::reply::Reply;

/// Fields of a time entry that a call sends. The outer option says whether a field was sent, the inner one whether it
/// has a value.
#[derive(Default)]
pub(super) struct Input {
    pub(super) user_id: Option<Option<u64>>,
    pub(super) project_id: Option<Option<u64>>,
    pub(super) task_id: Option<Option<u64>>,
    pub(super) spent_date: Option<Option<Date>>,
    pub(super) hours: Option<Option<Decimal>>,
    pub(super) started: Option<Option<u16>>,
    pub(super) ended: Option<Option<u16>>,
    pub(super) notes: Option<Option<Cow<'static, str>>>,
    pub(super) external_reference: Option<Option<ExternalReference>>,
    /// What could not be read, in the words that Harvest uses for such.
    pub(super) problems: Vec<String>,
}

impl Input {
    /// Reads a JSON or a form body. Fields that Harvest does not know are passed over, as it does.
    pub(super) fn read(call: &Call) -> Result<Self, Reply> {
        let mut body =
            object(call).ok_or_else(|| errors::error(StatusCode::BAD_REQUEST, "The body cannot be read"))?;
        let mut input = Self::default();
        let problems = &mut input.problems;
        input.user_id = take(&mut body, problems, "user_id", "User", id);
        input.project_id = take(&mut body, problems, "project_id", "Project", id);
        input.task_id = take(&mut body, problems, "task_id", "Task", id);
        input.spent_date =
            take(&mut body, problems, "spent_date", "Spent date", |v| filters::date(v.as_str()?));
        input.hours = take(&mut body, problems, "hours", "Hours", |v| {
            let text = v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            Decimal::parse(&text).filter(|hours| !hours.is_negative())
        });
        input.started =
            take(&mut body, problems, "started_time", "Started time", |v| clock::parse(v.as_str()?));
        input.ended = take(&mut body, problems, "ended_time", "Ended time", |v| clock::parse(v.as_str()?));
        input.notes = take(&mut body, problems, "notes", "Notes", |v| Some(v.as_str()?.to_owned().into()));
        input.external_reference =
            take(&mut body, problems, "external_reference", "External reference", reference);
        Ok(input)
    }

    /// Passes over the fields that belong to the other way of tracking time than the account is set to: those who edited
    /// an entry so report that Harvest left it as it was.
    pub(super) fn keep_to_mode(&mut self, timestamp_timers: bool) {
        if timestamp_timers {
            self.hours = None;
        } else {
            self.started = None;
            self.ended = None;
        }
    }

    /// Which fields of a new entry belong to the other way of tracking time than the account is set to. What Harvest
    /// itself does with them is neither documented nor reported; refusing them shows a client that mixes the two.
    pub(super) fn mode_problems(&self, timestamp_timers: bool) -> Vec<String> {
        let given = |field: bool, text: &str| field.then(|| text.to_owned());
        let problems = if timestamp_timers {
            [
                given(
                    matches!(self.hours, Some(Some(_))),
                    "Hours can't be set when the account tracks start and end times",
                ),
                None,
            ]
        } else {
            [
                given(
                    matches!(self.started, Some(Some(_))),
                    "Started time can't be set when the account tracks durations",
                ),
                given(
                    matches!(self.ended, Some(Some(_))),
                    "Ended time can't be set when the account tracks durations",
                ),
            ]
        };
        problems.into_iter().flatten().collect()
    }
}

fn object(call: &Call) -> Option<Map<String, Value>> {
    let form =
        call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !form {
        return match serde_json::from_slice(&call.body) {
            Ok(Value::Object(map)) => Some(map),
            _ if call.body.is_empty() => Some(Map::new()),
            _ => None,
        };
    }
    let mut map = Map::new();
    for (key, value) in parse_form(std::str::from_utf8(&call.body).ok()?) {
        match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            Some((outer, inner)) => {
                let nested = map.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(nested) = nested {
                    nested.insert(inner.to_owned(), Value::String(value));
                }
            }
            None => {
                map.insert(key, Value::String(value));
            }
        }
    }
    Some(map)
}

fn take<T>(
    body: &mut Map<String, Value>,
    problems: &mut Vec<String>,
    name: &str,
    title: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<Option<T>> {
    match body.shift_remove(name)? {
        Value::Null => Some(None),
        Value::String(text) if text.is_empty() => Some(None),
        value => {
            let parsed = read(&value);
            if parsed.is_none() {
                problems.push(format!("{title} is invalid"));
                return None;
            }
            Some(parsed)
        }
    }
}

fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn reference(value: &Value) -> Option<ExternalReference> {
    let object = value.as_object()?;
    let part = |name: &str| match object.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Some(ExternalReference {
        id: part("id"),
        group_id: part("group_id"),
        account_id: part("account_id"),
        permalink: part("permalink"),
    })
}
