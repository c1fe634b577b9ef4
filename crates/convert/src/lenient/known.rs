//! Messages that have a form of their own in JSON.
use granary_formats::decimal;
use granary_proto::google::r#type::{Date, Decimal};
use jiter::Peek;
use prost_types::value::Kind;
use prost_types::{Duration, ListValue, Struct, Timestamp, Value};

use super::reader::Plain;
use super::scalar::put;
use super::{Malformed, Single, Source};
use crate::{structs, time};

impl Single for Date {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let parts = text(from, time::parse_date)?;
        Ok(put(self, parts.map(|(year, month, day)| Self { year, month, day })))
    }
}

impl Single for Decimal {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let (Plain::Number(text) | Plain::Text(text)) = from.plain()? else { return Ok(false) };
        // A text such as "007" is no number; it would not read back.
        let value = decimal::json_text(text).filter(|t| t.eq_ignore_ascii_case(text));
        Ok(put(self, value.map(|value| Self { value })))
    }
}

impl Single for Timestamp {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let parts = text(from, time::parse_timestamp)?;
        Ok(put(self, parts.map(|(seconds, nanos)| Self { seconds, nanos })))
    }
}

impl Single for Duration {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let parts = text(from, time::parse_duration)?;
        Ok(put(self, parts.map(|(seconds, nanos)| Self { seconds, nanos })))
    }
}

impl Single for Struct {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let is_object = from.peek()? == Peek::Object;
        let json = json(from, is_object)?;
        Ok(put(self, json.map(|json| structs::json_to_struct(&json))))
    }
}

impl Single for Value {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let json = json(from, true)?;
        Ok(put(self, json.map(|json| structs::json_to_value(&json))))
    }
}

impl Single for ListValue {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let is_list = from.peek()? == Peek::Array;
        let value = json(from, is_list)?.map(|json| structs::json_to_value(&json));
        let list = match value.and_then(|value| value.kind) {
            Some(Kind::ListValue(list)) => Some(list),
            _ => None,
        };
        Ok(put(self, list))
    }
}

fn text<T>(from: &mut Source<'_, '_>, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Malformed> {
    Ok(if let Plain::Text(text) = from.plain()? { read(text) } else { None })
}

/// What may be of any shape has to be held as it is. Where it is nested too deep for that, it is not usable.
fn json(from: &mut Source<'_, '_>, wanted: bool) -> Result<Option<serde_json::Value>, Malformed> {
    let raw = from.raw()?;
    if !wanted {
        return Ok(None);
    }
    from.hold(raw)?;
    Ok(serde_json::from_str(raw).ok())
}
