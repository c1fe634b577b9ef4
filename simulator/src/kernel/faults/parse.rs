//! Reads a fault as the control port takes it.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

use super::effect::Effect;
use super::matcher::{Late, Matcher, PathPattern};
use crate::kernel::fields::{Complaint, Fields};
use crate::kernel::vendor::{OwnEffect, Vendor};

mod body;
mod effect;

/// A fault that was asked for.
pub(super) struct ParsedFault {
    pub(super) matcher: Matcher,
    pub(super) effect: Effect,
    /// Calls that pass first.
    pub(super) skip: u64,
    /// Calls that it takes; 0 takes all.
    pub(super) count: u64,
    pub(super) written: Value,
}

/// Reads a fault. What it matches and what it does may stand side by side, or in `match` and `effect`.
pub(super) fn fault(vendors: &[Arc<dyn Vendor>], body: &[u8]) -> Result<ParsedFault, Complaint> {
    let written = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Fields::parse(body)?;
    fields.lift("match")?;
    fields.lift("effect")?;
    let mut matcher = matcher(vendors, &mut fields)?;
    let skip = fields.integer("skip")?.unwrap_or(0);
    let count = fields.integer("count")?;
    let late = fields.wait("late_ms")?;
    let effect = effect::effect(&mut fields)?;
    fields.finish()?;
    belongs(&effect, vendors, matcher.vendor)?;
    if late.is_some() && effect.rows.is_none() {
        return Err(Complaint::new("late_ms", "needs rows"));
    }
    if effect.unchanged && *matcher.method.get_or_insert(Method::PATCH) != Method::PATCH {
        return Err(Complaint::new("unchanged", "is for the method PATCH"));
    }
    matcher.late = effect.rows.map(|_| Late(late));
    // What a time bounds needs no number.
    let count = count.unwrap_or(if late.is_some() { 0 } else { 1 });
    Ok(ParsedFault { matcher, effect, skip, count, written })
}

fn matcher(vendors: &[Arc<dyn Vendor>], fields: &mut Fields) -> Result<Matcher, Complaint> {
    let words: Vec<_> = vendors.iter().map(|vendor| (vendor.word(), vendor.word())).collect();
    let vendor = fields.word("api", &words)?.ok_or_else(|| Complaint::new("api", "is needed"))?;
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
    Ok(Matcher { vendor, method, path, credential: fields.text("credential")?, late: None })
}

/// Refuses what only another vendor can send.
fn belongs(effect: &Effect, vendors: &[Arc<dyn Vendor>], wanted: &str) -> Result<(), Complaint> {
    let asked = [
        (effect.body_status.is_some(), OwnEffect::BodyStatus),
        (effect.element.is_some(), OwnEffect::Element),
        (effect.error_type.is_some(), OwnEffect::ErrorType),
        (effect.rows.is_some(), OwnEffect::Rows),
        (effect.unchanged, OwnEffect::Unchanged),
    ];
    for (_, own) in asked.into_iter().filter(|(is_set, _)| *is_set) {
        let owner = vendors.iter().find(|vendor| vendor.own_effects().contains(&own));
        let owner = owner.map(|vendor| vendor.word()).unwrap_or_default();
        if owner != wanted {
            let (field, complaint) = match own {
                OwnEffect::BodyStatus => ("body_status", format!("only answers of {owner} have one")),
                OwnEffect::Element => ("element", format!("only answers of {owner} have one")),
                OwnEffect::ErrorType => ("error_type", format!("only errors of {owner} have one")),
                OwnEffect::Rows => ("rows", format!("only datasets of {owner} have rows")),
                OwnEffect::Unchanged => ("unchanged", format!("only entries of {owner} can stay unchanged")),
            };
            return Err(Complaint::new(field, &complaint));
        }
    }
    Ok(())
}
