use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::effect::Effect;
use super::{Fault, Late, Matcher, PathPattern};
use crate::call::Api;
use crate::fields::{Fault as Complaint, Fields};

mod body;
mod effect;

/// Milliseconds.
const LONGEST_DELAY: u64 = 600_000;

/// Reads a fault and its count. What it matches and what it does may stand side by side, or in `match` and `effect`.
pub(super) fn fault(body: &[u8]) -> Result<(Fault, u64), Complaint> {
    let written = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Fields::parse(body)?;
    fields.lift("match")?;
    fields.lift("effect")?;
    let mut matcher = matcher(&mut fields)?;
    let skip = fields.integer("skip")?.unwrap_or(0);
    let count = fields.integer("count")?;
    let late = milliseconds(&mut fields, "late_ms")?;
    let effect = effect::effect(&mut fields)?;
    fields.finish()?;
    belongs(&effect, matcher.api)?;
    if late.is_some() && effect.rows.is_none() {
        return Err(Complaint::new("late_ms", "needs rows"));
    }
    if effect.unchanged && *matcher.method.get_or_insert(Method::PATCH) != Method::PATCH {
        return Err(Complaint::new("unchanged", "is for the method PATCH"));
    }
    matcher.late = effect.rows.map(|_| Late(late));
    // What a time bounds needs no number.
    let count = count.unwrap_or(if late.is_some() { 0 } else { 1 });
    Ok((Fault { id: 0, matcher, skip, left: None, effect: Arc::new(effect), written }, count))
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
    Ok(Matcher { api, method, path, credential: fields.text("credential")?, late: None })
}

/// Refuses what only another service can send.
fn belongs(effect: &Effect, api: Api) -> Result<(), Complaint> {
    let only = [
        (effect.body_status.is_some(), "body_status", Api::LinkedIn, "only answers of harvestapi have one"),
        (effect.element.is_some(), "element", Api::LinkedIn, "only answers of harvestapi have one"),
        (effect.error_type.is_some(), "error_type", Api::Apify, "only errors of apify have one"),
        (effect.rows.is_some(), "rows", Api::Apify, "only datasets of apify have rows"),
        (effect.unchanged, "unchanged", Api::Harvest, "only entries of harvest can stay unchanged"),
    ];
    match only.into_iter().find(|(set, _, owner, _)| *set && *owner != api) {
        Some((_, field, _, complaint)) => Err(Complaint::new(field, complaint)),
        None => Ok(()),
    }
}

fn milliseconds(fields: &mut Fields, name: &str) -> Result<Option<Duration>, Complaint> {
    match fields.integer(name)? {
        Some(time) if time > LONGEST_DELAY => Err(Complaint::new(name, "must be at most 600000")),
        time => Ok(time.map(Duration::from_millis)),
    }
}
