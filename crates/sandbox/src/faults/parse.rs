use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{BodyFault, Echo, Effect, Fault, HangUp, Matcher, PathPattern};
use crate::call::Api;
use crate::decimal::Micros;
use crate::fields::{Fault as Complaint, Fields};

const BODIES: [(&str, BodyFault); 6] = [
    ("cut", BodyFault::Cut),
    ("garbage", BodyFault::Garbage),
    ("huge", BodyFault::Huge),
    ("wrong_types", BodyFault::WrongTypes),
    ("html", BodyFault::Html),
    ("empty", BodyFault::Empty),
];
const ECHOES: [(&str, Echo); 5] = [
    ("plain", Echo::Plain),
    ("json", Echo::Json),
    ("url", Echo::Url),
    ("base64", Echo::Base64),
    ("header", Echo::Header),
];
/// Milliseconds.
const LONGEST_DELAY: u64 = 600_000;
const MOST_BYTES: u64 = 1 << 32;

/// Reads a fault and its count. What it matches and what it does may stand side by side, or in `match` and `effect`.
pub(super) fn fault(body: &[u8]) -> Result<(Fault, u64), Complaint> {
    let written = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Fields::parse(body)?;
    fields.lift("match")?;
    fields.lift("effect")?;
    let matcher = matcher(&mut fields)?;
    let count = fields.integer("count")?.unwrap_or(1);
    let effect = effect(&mut fields)?;
    fields.finish()?;
    if effect.body_status.is_some() && matcher.api != Api::LinkedIn {
        return Err(Complaint::new("body_status", "only answers of harvestapi have one"));
    }
    Ok((Fault { id: 0, matcher, left: None, effect: Arc::new(effect), written }, count))
}

fn matcher(fields: &mut Fields) -> Result<Matcher, Complaint> {
    let api = fields.word("api", &Api::WORDS)?.ok_or_else(|| Complaint::new("api", "is needed"))?;
    let method = match fields.text("method")? {
        None => None,
        Some(text) => {
            let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes());
            Some(method.map_err(|_| Complaint::new("method", "must be an HTTP method"))?)
        }
    };
    let path = fields.text("path")?.map(|path| match path.strip_suffix('*') {
        Some(prefix) => PathPattern::Prefix(prefix.to_owned()),
        None => PathPattern::Exact(path),
    });
    Ok(Matcher { api, method, path, credential: fields.text("credential")? })
}

fn effect(fields: &mut Fields) -> Result<Effect, Complaint> {
    let mut effect = Effect { status: status(fields)?, ..Effect::default() };
    let delay = fields.integer("delay_ms")?.unwrap_or(0);
    if delay > LONGEST_DELAY {
        return Err(Complaint::new("delay_ms", "must be at most 600000"));
    }
    effect.delay = Duration::from_millis(delay);
    effect.headers = headers(fields)?;
    if let Some(seconds) = fields.integer("retry_after")? {
        effect.headers.push((RETRY_AFTER, HeaderValue::from(seconds)));
    }
    effect.body = body(fields)?;
    effect.body_bytes = fields.integer("body_bytes")?;
    if effect.body_bytes.is_some_and(|bytes| bytes > MOST_BYTES) {
        return Err(Complaint::new("body_bytes", "must be at most 4294967296"));
    }
    let redirect = fields.text("redirect")?.map(|url| HeaderValue::from_str(&url));
    effect.redirect = redirect.transpose().map_err(|_| Complaint::new("redirect", "must be a URL"))?;
    let body_status = fields.integer("body_status")?.map(|status| u16::try_from(status).unwrap_or(0));
    if body_status.is_some_and(|status| !(100..1000).contains(&status)) {
        return Err(Complaint::new("body_status", "must be between 100 and 999"));
    }
    effect.body_status = body_status;
    effect.cost = match fields.raw("cost") {
        None => None,
        Some(value) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let cost = Micros::parse_dollars(&text).filter(|cost| cost.0 >= 0);
            Some(cost.ok_or_else(|| Complaint::new("cost", "must be dollars with at most six decimals"))?)
        }
    };
    effect.echo = fields.word("echo", &ECHOES)?;
    effect.hang_up = fields.word("drop", &[("before", HangUp::Before), ("after", HangUp::After)])?;
    effect.unknown_fields = fields.boolean("unknown_fields")?.unwrap_or(false);
    effect.link_origin = fields.text("link_origin")?.map(|origin| origin.trim_end_matches('/').to_owned());
    Ok(effect)
}

fn status(fields: &mut Fields) -> Result<Option<StatusCode>, Complaint> {
    let Some(status) = fields.integer("status")? else { return Ok(None) };
    let parsed =
        u16::try_from(status).ok().filter(|status| *status >= 200).and_then(|s| StatusCode::from_u16(s).ok());
    parsed.map(Some).ok_or_else(|| Complaint::new("status", "must be between 200 and 999"))
}

fn headers(fields: &mut Fields) -> Result<Vec<(HeaderName, HeaderValue)>, Complaint> {
    let map = match fields.raw("headers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Complaint::new("headers", "must be an object of texts")),
    };
    let pair = |(name, value): (String, Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(&text).ok()?))
    };
    let pairs: Option<Vec<_>> = map.into_iter().map(pair).collect();
    pairs.ok_or_else(|| Complaint::new("headers", "holds a name or a value that no header can have"))
}

fn body(fields: &mut Fields) -> Result<Option<BodyFault>, Complaint> {
    match fields.raw("body") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(mut map)) if map.len() == 1 && map.contains_key("json") => {
            Ok(map.shift_remove("json").map(BodyFault::Json))
        }
        Some(value) => {
            let found = BODIES.iter().find(|(word, _)| value.as_str() == Some(word));
            let complaint = "must be one of cut, garbage, huge, wrong_types, html, empty, or {\"json\": …}";
            found.map(|(_, body)| Some(body.clone())).ok_or_else(|| Complaint::new("body", complaint))
        }
    }
}
