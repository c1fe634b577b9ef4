//! Lets a fault have its way with a call.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, SERVER};
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::effect::{BodyFault, Effect};
use super::{echo, flaws, mangle};
use crate::kernel::answer::AnswerBody;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;
use crate::kernel::vendor::{Told, Vendor};

/// How a call ends.
pub(crate) enum Outcome {
    Answered(Response<AnswerBody>),
    /// The connection closes without an answer.
    HungUp,
}

/// Bytes.
const HUGE: u64 = 64 << 20;
const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>";
/// JSON at first, then bytes that are not even text.
const GARBAGE: &[u8] = b"{\"data\": [1, 2, \xff\xfe\x00 }} not json";
const HTML: &str = "text/html";
const JSON: &str = "application/json; charset=utf-8";

/// The answer that a fault gives in place of the real one; the call then does nothing.
pub(crate) fn instead(effect: &Effect, vendor: &dyn Vendor, call: &Call) -> Option<Reply> {
    if effect.stays_outside() {
        return Some(Reply { status: StatusCode::OK, headers: Vec::new(), body: Bytes::new() });
    }
    if let Some(url) = &effect.redirect {
        let headers = vec![(LOCATION, url.clone())];
        return Some(Reply {
            status: effect.status.unwrap_or(StatusCode::FOUND),
            headers,
            body: Bytes::new(),
        });
    }
    let credential = effect.echo.map(|_| format!("The credential {} was refused", echo::MARK));
    let text = credential.as_deref().or(effect.error.as_deref());
    if effect.body_status.is_some() || effect.element.is_some() {
        let error = text.or(effect.body_status.map(|_| "Failed on purpose"));
        let told = Told {
            status: effect.body_status.unwrap_or(200),
            error,
            element: effect.element.as_ref(),
            cost: effect.cost,
        };
        return Some(vendor.enveloped(call, &told));
    }
    let says = effect.error.is_some() || effect.error_type.is_some();
    // The status of an edge is not the vendor's.
    let failed = effect.status.filter(|status| says || (effect.edge.is_none() && !status.is_success()));
    let status = failed.or(says.then_some(StatusCode::OK))?;
    let mut reply = match effect.error_type.as_deref() {
        Some(error_type) => vendor.typed_failure(status, error_type, text),
        None => vendor.failure(status, text),
    };
    // Only a fault that says so sends Retry-After.
    reply.headers.retain(|(name, _)| *name != RETRY_AFTER);
    if let (Some(credential), false) = (credential, reply.is_json()) {
        reply.body = Bytes::from(format!("<html><body>{credential}</body></html>"));
    }
    Some(reply)
}

/// Lets a fault have its way with an answer.
pub(crate) fn finish(effect: &Effect, call: &Call, mut reply: Reply) -> Outcome {
    if let Some(status) = effect.status {
        reply.status = status;
    }
    if effect.edge.is_some() {
        page(&mut reply);
    }
    replace(effect, &mut reply);
    if reply.is_json() {
        reshape(effect, &mut reply);
    }
    if let Some(kind) = effect.echo {
        echo::echo(kind, call, &mut reply);
    }
    if reply.is_json() && !effect.flaws.is_empty() {
        flaws::spoil(&effect.flaws, effect.flaw_field.as_deref(), &mut reply);
    }
    for (name, value) in effect.headers.iter().chain(&dated(effect)) {
        reply.headers.retain(|(known, _)| known != name || *name == HeaderName::from_static("set-cookie"));
        reply.headers.push((name.clone(), value.clone()));
    }
    Outcome::Answered(match effect.body {
        Some(BodyFault::Cut) => AnswerBody::cut(reply),
        Some(BodyFault::Huge) => AnswerBody::huge(reply, effect.body_bytes.unwrap_or(HUGE)),
        _ => AnswerBody::whole(reply),
    })
}

/// Turns an answer into the page of something in between; nothing of the vendor's is left.
fn page(reply: &mut Reply) {
    reply.headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static(HTML)),
        (SERVER, HeaderValue::from_static("sandbox-edge")),
    ];
    reply.body = Bytes::from_static(PAGE.as_bytes());
}

fn replace(effect: &Effect, reply: &mut Reply) {
    let (content_type, body) = match &effect.body {
        Some(BodyFault::Html) => (HTML, Bytes::from_static(PAGE.as_bytes())),
        Some(BodyFault::Garbage) => (JSON, Bytes::from_static(GARBAGE)),
        Some(BodyFault::Empty) => (if effect.edge.is_some() { HTML } else { JSON }, Bytes::new()),
        Some(BodyFault::Text(text)) => ("text/plain", Bytes::from(text.clone())),
        Some(BodyFault::Json(value)) => (JSON, Bytes::from(value.to_string())),
        Some(BodyFault::Huge) => (JSON, Bytes::new()),
        Some(BodyFault::Cut | BodyFault::WrongTypes) | None => return,
    };
    reply.headers.retain(|(name, _)| name != CONTENT_TYPE);
    reply.headers.push((CONTENT_TYPE, HeaderValue::from_static(content_type)));
    reply.body = body;
}

/// Changes an answer of JSON as a tree.
fn reshape(effect: &Effect, reply: &mut Reply) {
    if effect.body == Some(BodyFault::WrongTypes) {
        mangle::json(reply, mangle::wrong_types);
    }
    if effect.unknown_fields {
        mangle::json(reply, |value| mangle::unknown_fields(value, 0));
    }
    if !effect.without.is_empty() {
        mangle::json(reply, |value| effect.without.iter().for_each(|path| mangle::remove(value, path)));
    }
    if let Some(long) = &effect.long_text {
        let letters = json!("a".repeat(long.bytes));
        mangle::json(reply, |value| {
            mangle::first(value, &[&long.field], Value::is_string, &mut |text| {
                text.clone_from(&letters);
            });
        });
    }
}

/// The headers that tell a time by the clock of the fault.
fn dated(effect: &Effect) -> Vec<(HeaderName, HeaderValue)> {
    let ahead = effect.clock.unwrap_or(0);
    let tell = |name: HeaderName, seconds: i64| {
        let at = Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).ok()?;
        let text = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Some((name, HeaderValue::from_str(&text).ok()?))
    };
    let date = effect.clock.and_then(|ahead| tell(DATE, ahead));
    let wait = effect.retry_date.and_then(|wait| tell(RETRY_AFTER, ahead + wait));
    date.into_iter().chain(wait).collect()
}
