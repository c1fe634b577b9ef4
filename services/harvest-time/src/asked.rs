//! What a checked request says, by the names of its fields; nothing where one was not given.
use std::borrow::Cow;

use granary_proto::google::r#type::Date;
use prost_reflect::{DynamicMessage, Value};

/// A whole number.
pub(crate) fn integer(asked: &DynamicMessage, field: &str) -> Option<i64> {
    given(asked, field)?.as_i64()
}

/// A text.
pub(crate) fn text(asked: &DynamicMessage, field: &str) -> Option<String> {
    given(asked, field)?.as_str().map(str::to_owned)
}

/// A day.
pub(crate) fn day(asked: &DynamicMessage, field: &str) -> Option<Date> {
    let value = given(asked, field)?;
    let date = value.as_message()?;
    let part = |name: &str| date.get_field_by_name(name).as_deref().and_then(Value::as_i32);
    Some(Date { year: part("year")?, month: part("month")?, day: part("day")? })
}

/// A decimal, as its text.
pub(crate) fn decimal(asked: &DynamicMessage, field: &str) -> Option<String> {
    given(asked, field)?.as_message()?.get_field_by_name("value")?.as_str().map(str::to_owned)
}

fn given<'a>(asked: &'a DynamicMessage, field: &str) -> Option<Cow<'a, Value>> {
    asked.has_field_by_name(field).then(|| asked.get_field_by_name(field))?
}
