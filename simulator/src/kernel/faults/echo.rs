//! Repeats within an answer the secrets that arrived with the call.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::HeaderName;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::effect::Echo;
use super::flaws::TEXTS;
use super::mangle;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Stands for the credential until the answer is written out, so that its escapes are ours and not the JSON writer's.
pub(super) const MARK: &str = "__sandbox_echo__";

/// Repeats the secrets that arrived within the answer.
pub(super) fn echo(kind: Echo, call: &Call, reply: &mut Reply) {
    let secrets: Vec<_> = call.credentials.iter().filter(|arrived| arrived.secret).collect();
    let shown: Vec<_> = secrets.iter().map(|arrived| write(kind, &arrived.value)).collect();
    let shown = shown.join(" ");
    if !kind.in_body() {
        let taken =
            std::mem::replace(reply, Reply { body: Bytes::new(), headers: Vec::new(), status: reply.status });
        *reply = taken.with(HeaderName::from_static("x-echo"), &shown);
    } else if reply.is_json() {
        mangle::json(reply, |value| {
            if !value.to_string().contains(MARK) {
                insert(value);
            }
        });
    }
    let text = String::from_utf8_lossy(&reply.body);
    if text.contains(MARK) {
        let in_header = if kind.in_body() { shown } else { String::from("that arrived") };
        reply.body = Bytes::from(text.replace(MARK, &in_header));
    }
}

/// The credential in a form that fits between the quotes of a JSON text.
fn write(kind: Echo, value: &str) -> String {
    match kind {
        Echo::Header => value.to_owned(),
        Echo::Plain => {
            let quoted = Value::String(value.to_owned()).to_string();
            quoted.trim_matches('"').to_owned()
        }
        // Any character may be written as its number: the bytes differ, the text does not.
        Echo::Json => value.encode_utf16().fold(String::new(), |mut text, unit| {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
                _ => drop(write!(text, "\\u{unit:04x}")),
            }
            text
        }),
        Echo::Url => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        Echo::Base64 => BASE64_STANDARD.encode(value),
    }
}

/// Puts the mark into an unmodelled field, and into the first field of free text.
fn insert(value: &mut Value) {
    mangle::append(value, &TEXTS, MARK);
    match value {
        Value::Object(map) => {
            map.insert("echo".to_owned(), Value::String(MARK.to_owned()));
            let nested = map.values_mut().find_map(|inner| match inner {
                Value::Object(map) => Some(map),
                Value::Array(list) => list.first_mut().and_then(Value::as_object_mut),
                _ => None,
            });
            if let Some(nested) = nested {
                nested.insert("echo".to_owned(), Value::String(format!("seen: {MARK}")));
            }
        }
        Value::Array(list) => list.push(Value::String(MARK.to_owned())),
        _ => {}
    }
}
