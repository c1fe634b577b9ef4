use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};

use super::{BodyFault, Echo, Effect, echo, mangle};
use crate::answer::Answer;
use crate::call::{Api, Call, Reply};
use crate::world::World;
use crate::{apify, harvest, harvestapi};

/// How a call ends.
pub(crate) enum Outcome {
    Answered(Response<Answer>),
    /// The connection closes without an answer.
    HungUp,
}

const HUGE: u64 = 64 << 20;
const HTML: &str =
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>";
/// JSON at first, then bytes that are not even text.
const GARBAGE: &[u8] = b"{\"data\": [1, 2, \xff\xfe\x00 }} not json";

/// The answer that a fault gives in place of the real one; the call then does nothing.
pub(crate) fn instead(effect: &Effect, world: &World, call: &Call) -> Option<Reply> {
    let credential = effect.echo.map(|_| format!("The credential {} was refused", echo::MARK));
    if let Some(url) = &effect.redirect {
        let headers = vec![(LOCATION, url.clone())];
        return Some(Reply {
            status: effect.status.unwrap_or(StatusCode::FOUND),
            headers,
            body: Bytes::new(),
        });
    }
    if let Some(status) = effect.body_status {
        let text = credential.as_deref().unwrap_or("Failed on purpose");
        return Some(harvestapi::body_failure(world, call, status, effect.cost, text));
    }
    let status = effect.status.filter(|status| !status.is_success())?;
    let text = credential.as_deref().or(status.canonical_reason()).unwrap_or("Failed on purpose");
    let mut reply = failure(call.api, status, text);
    if effect.echo.is_some() && !reply.is_json() {
        reply.body = Bytes::from(format!("<html><body>{text}</body></html>"));
    }
    Some(reply)
}

/// Lets a fault have its way with an answer.
pub(crate) fn finish(effect: &Effect, call: &Call, mut reply: Reply) -> Outcome {
    if let Some(status) = effect.status {
        reply.status = status;
    }
    replace(effect, &mut reply);
    if reply.is_json() {
        if effect.body == Some(BodyFault::WrongTypes) {
            mangle::json(&mut reply, mangle::wrong_types);
        }
        if effect.unknown_fields {
            mangle::json(&mut reply, |value| mangle::unknown_fields(value, 0));
        }
    }
    if let Some(kind) = effect.echo {
        echo::echo(kind, call, &mut reply);
    }
    for (name, value) in &effect.headers {
        reply.headers.retain(|(known, _)| known != name || *name == HeaderName::from_static("set-cookie"));
        reply.headers.push((name.clone(), value.clone()));
    }
    Outcome::Answered(match effect.body {
        Some(BodyFault::Cut) => Answer::cut(reply),
        Some(BodyFault::Huge) => Answer::huge(reply, effect.body_bytes.unwrap_or(HUGE)),
        _ => Answer::whole(reply),
    })
}

fn replace(effect: &Effect, reply: &mut Reply) {
    let (kind, body) = match &effect.body {
        Some(BodyFault::Html) => ("text/html", Bytes::from_static(HTML.as_bytes())),
        Some(BodyFault::Garbage) => ("application/json; charset=utf-8", Bytes::from_static(GARBAGE)),
        Some(BodyFault::Empty) => ("application/json; charset=utf-8", Bytes::new()),
        Some(BodyFault::Json(value)) => ("application/json; charset=utf-8", Bytes::from(value.to_string())),
        Some(BodyFault::Huge) => ("application/json; charset=utf-8", Bytes::new()),
        Some(BodyFault::Cut | BodyFault::WrongTypes) | None => return,
    };
    reply.headers.retain(|(name, _)| name != CONTENT_TYPE);
    reply.headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
    reply.body = body;
}

fn failure(api: Api, status: StatusCode, text: &str) -> Reply {
    let reply = match api {
        Api::Harvest => harvest::failure(status, text),
        Api::LinkedIn => harvestapi::failure(status, text),
        Api::Apify => apify::failure(status, text),
    };
    // Only a fault that says so sends Retry-After.
    Reply { headers: reply.headers.into_iter().filter(|(name, _)| *name != RETRY_AFTER).collect(), ..reply }
}

impl Echo {
    /// Whether it shows in the body; else in a header.
    pub(super) fn in_body(self) -> bool {
        self != Self::Header
    }
}
