//! Reads what a fault does.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::body::body;
use crate::decimal::Micros;
use crate::kernel::faults::effect::{Echo, Edge, Effect, HangUp, LongText};
use crate::kernel::faults::flaws::Flaw;
use crate::kernel::fields::{Complaint, Fields};

const ECHOES: [(&str, Echo); 5] = [
    ("plain", Echo::Plain),
    ("json", Echo::Json),
    ("url", Echo::Url),
    ("base64", Echo::Base64),
    ("header", Echo::Header),
];
const MAX_BYTES: u64 = 1 << 32;
const MAX_TEXT_BYTES: u64 = 64 << 20;
/// Paths that one fault takes out of an answer.
const MAX_PATHS: usize = 100;
/// Seconds in a year, by which a clock may be off.
const MAX_CLOCK_OFFSET: i64 = 31_536_000;

/// Takes the fields of an effect out of a fault, and refuses those that do not go together.
pub(super) fn effect(fields: &mut Fields) -> Result<Effect, Complaint> {
    let effect = Effect {
        status: status(fields)?,
        delay: fields.wait("delay_ms")?.unwrap_or_default(),
        headers: headers(fields)?,
        body: body(fields)?,
        body_bytes: fields.integer("body_bytes")?,
        redirect: redirect(fields)?,
        edge: fields.word("edge", &[("before", Edge::Before), ("after", Edge::After)])?,
        error: fields.text("error")?,
        error_type: fields.text("error_type")?,
        body_status: body_status(fields)?,
        element: element(fields)?,
        cost: cost(fields)?,
        unchanged: fields.boolean("unchanged")?.unwrap_or(false),
        rows: fields.integer("rows")?.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)),
        echo: fields.word("echo", &ECHOES)?,
        hang_up: fields.word("drop", &[("before", HangUp::Before), ("after", HangUp::After)])?,
        unknown_fields: fields.boolean("unknown_fields")?.unwrap_or(false),
        without: without(fields)?,
        long_text: long_text(fields)?,
        flaws: flaws(fields)?,
        flaw_field: fields.text("flaw_field")?,
        clock: seconds(fields, "clock_offset_s")?,
        retry_date: seconds(fields, "retry_after_date")?,
        link_origin: fields.text("link_origin")?.map(|origin| origin.trim_end_matches('/').to_owned()),
    };
    let waits = effect.headers.iter().any(|(name, _)| *name == RETRY_AFTER);
    let problem = if effect.body_bytes.is_some_and(|bytes| bytes > MAX_BYTES) {
        ("body_bytes", "must be at most 4294967296")
    } else if effect.edge.is_some() && effect.status.is_none() {
        ("edge", "needs a status")
    } else if effect.flaw_field.is_some() && effect.flaws.is_empty() {
        ("flaw_field", "needs flaws")
    } else if effect.retry_date.is_some() && waits {
        ("retry_after_date", "must not stand beside another Retry-After")
    } else {
        return Ok(effect);
    };
    Err(Complaint::new(problem.0, problem.1))
}

fn status(fields: &mut Fields) -> Result<Option<StatusCode>, Complaint> {
    let Some(status) = fields.integer("status")? else { return Ok(None) };
    let parsed =
        u16::try_from(status).ok().filter(|status| *status >= 200).and_then(|s| StatusCode::from_u16(s).ok());
    parsed.map(Some).ok_or_else(|| Complaint::new("status", "must be between 200 and 999"))
}

/// Reads the headers, the seconds of `Retry-After` among them.
fn headers(fields: &mut Fields) -> Result<Vec<(HeaderName, HeaderValue)>, Complaint> {
    let map = match fields.raw("headers") {
        None | Some(Value::Null) => serde_json::Map::new(),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Complaint::new("headers", "must be an object of texts")),
    };
    let pair = |(name, value): (String, Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(&text).ok()?))
    };
    let pairs: Option<Vec<_>> = map.into_iter().map(pair).collect();
    let complaint = || Complaint::new("headers", "holds a name or a value that no header can have");
    let mut pairs = pairs.ok_or_else(complaint)?;
    if let Some(seconds) = fields.integer("retry_after")? {
        pairs.push((RETRY_AFTER, HeaderValue::from(seconds)));
    }
    Ok(pairs)
}

fn redirect(fields: &mut Fields) -> Result<Option<HeaderValue>, Complaint> {
    let redirect = fields.text("redirect")?.map(|url| HeaderValue::from_str(&url));
    redirect.transpose().map_err(|_| Complaint::new("redirect", "must be a URL"))
}

fn body_status(fields: &mut Fields) -> Result<Option<u16>, Complaint> {
    let status = fields.integer("body_status")?.map(|status| u16::try_from(status).unwrap_or(0));
    match status {
        Some(status) if !(100..1000).contains(&status) => {
            Err(Complaint::new("body_status", "must be between 100 and 999"))
        }
        status => Ok(status),
    }
}

fn element(fields: &mut Fields) -> Result<Option<Value>, Complaint> {
    match fields.raw("element") {
        None => Ok(None),
        Some(element) if element.is_object() || element.is_null() => Ok(Some(element)),
        Some(_) => Err(Complaint::new("element", "must be an object or null")),
    }
}

fn cost(fields: &mut Fields) -> Result<Option<Micros>, Complaint> {
    match fields.dollars("cost")? {
        Some(cost) if cost.0 < 0 => Err(Complaint::new("cost", "must not be below 0")),
        cost => Ok(cost),
    }
}

fn without(fields: &mut Fields) -> Result<Vec<String>, Complaint> {
    let complaint = || Complaint::new("without", "must be a list of at most 100 paths, such as element.id");
    let list = match fields.raw("without") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MAX_PATHS => list,
        Some(_) => return Err(complaint()),
    };
    let path = |path: Value| path.as_str().filter(|path| !path.is_empty()).map(str::to_owned);
    list.into_iter().map(path).collect::<Option<_>>().ok_or_else(complaint)
}

fn long_text(fields: &mut Fields) -> Result<Option<LongText>, Complaint> {
    let complaint = || Complaint::new("long_text", "must have a field, and bytes of at most 67108864");
    let map = match fields.raw("long_text") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(complaint()),
    };
    let mut inner = Fields::of(map);
    let (field, bytes) = (inner.text("field")?, inner.integer("bytes")?);
    inner.finish()?;
    let bytes = bytes.filter(|bytes| *bytes <= MAX_TEXT_BYTES).and_then(|bytes| usize::try_from(bytes).ok());
    let (field, bytes) = field.zip(bytes).ok_or_else(complaint)?;
    Ok(Some(LongText { field, bytes }))
}

/// Reads one flaw, or a list of them.
fn flaws(fields: &mut Fields) -> Result<Vec<Flaw>, Complaint> {
    let list = match fields.raw("flaws") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    };
    let flaw = |word: &Value| Flaw::WORDS.iter().find(|(known, _)| word == known).map(|(_, flaw)| *flaw);
    let complaint = || Complaint::new("flaws", "must be among lone_surrogate, invalid_utf8, nan, bom");
    list.iter().map(flaw).collect::<Option<_>>().ok_or_else(complaint)
}

fn seconds(fields: &mut Fields, name: &str) -> Result<Option<i64>, Complaint> {
    let allowed = -MAX_CLOCK_OFFSET..=MAX_CLOCK_OFFSET;
    match fields.raw(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_i64().filter(|seconds| allowed.contains(seconds));
            let complaint = || Complaint::new(name, "must be whole seconds, at most a year either way");
            seconds.map(Some).ok_or_else(complaint)
        }
    }
}
