//! What a failed answer of Harvest means. Its error bodies have three shapes, or are empty; a page is somebody else's.
use std::str;

use granary_convert::Members;
use granary_credential::Kind;
use granary_proto::Method;
use granary_rpc::{Error, Reason};
use granary_upstream::{Answer, Call, Verb, failure, failure_of_write, foreign, is_of_a_gateway};
use serde_json::Value;

/// The name under which metadata, metrics and messages know this third party.
pub(crate) const UPSTREAM: &str = "harvest";

/// What stands under `error` where Harvest does not take the token.
const INVALID_TOKEN: &str = "invalid_token";

/// A failed answer as an error.
pub(crate) fn of(status: u16, answer: &Answer, method: &Method, write: bool) -> Error {
    let text = own_text(status, answer);
    // Its limit is the one refusal that Harvest tells without words of its own.
    if text.is_none() && (400..500).contains(&status) && status != 429 {
        return foreign(status, UPSTREAM, write, answer.retry_after);
    }
    let map = if write { failure_of_write } else { failure };
    let error = map(status, UPSTREAM, text.as_deref(), answer.retry_after);
    if error.reason() != Reason::UpstreamForbidden {
        return error;
    }
    let error = match answer.header("hint") {
        Some(hint) => error.with("hint", short(hint)),
        None => error,
    };
    match instead(&method.tool) {
        Some(other) => error.with("use_instead", other),
        None => error,
    }
}

/// Whether Harvest itself refuses the token: a 401 in the form in which it says so. A 403 never says that, and what has another
/// form comes from something in front of it.
pub(crate) fn is_of_token(answer: &Answer) -> bool {
    answer.status == 401 && answer.json().is_some_and(|body| body["error"] == INVALID_TOKEN)
}

/// Harvest refused the credential itself.
pub(crate) fn rejected(answer: &Answer, kind: Kind) -> Error {
    let error =
        Error::new(Reason::CredentialRejected, "harvest does not take the token for this Harvest account")
            .with("upstream", UPSTREAM)
            .with("upstream_status", answer.status.to_string())
            .with("kind", kind.text());
    match text(answer) {
        Some(text) => error.with("upstream_message", short(&text)),
        None => error,
    }
}

/// The account holds a key of a kind that this deployment sends nowhere.
pub(crate) fn no_destination() -> Error {
    let kind = Kind::HarvestToken.text();
    Error::new(Reason::CredentialMissing, "time tracking needs a harvest token, and the account holds none")
        .with("kind", kind)
}

/// An answer that says success and cannot be read.
pub(crate) fn unreadable(what: &str) -> Error {
    Error::new(Reason::UpstreamMalformed, format!("harvest answered without {what}"))
        .with("upstream", UPSTREAM)
}

/// An answer that says success and holds something else than the item.
pub(crate) fn without_item(item: &str, said: Option<String>) -> Error {
    let error = unreadable(&format!("a {}", item.replace('_', " ")));
    match said {
        Some(said) => error.with("upstream_message", short(&said)),
        None => error,
    }
}

/// A list that is longer than any page of Harvest.
pub(crate) fn too_many(most: usize) -> Error {
    let text = format!("harvest answered with more than the {most} rows that a page has at most");
    Error::new(Reason::UpstreamMalformed, text).with("upstream", UPSTREAM)
}

/// A read beside the one that the method declares.
pub(crate) fn get(path: impl Into<String>) -> Call {
    Call { repeatable: true, ..Call::new(Verb::Get, path) }
}

/// Text of upstream for metadata: one line of at most 500 bytes.
pub(crate) fn short(text: &str) -> String {
    let mut short = String::new();
    for c in text.trim().chars() {
        let c = if c.is_control() { ' ' } else { c };
        if short.len() + c.len_utf8() > 500 {
            break;
        }
        short.push(c);
    }
    short
}

/// The words of a refusal in the form that Harvest has for it: a status and an error where there is no such object, else a message.
/// What gateways and frameworks write has other members, or words that are known for theirs.
fn own_text(status: u16, answer: &Answer) -> Option<String> {
    let body = answer.json().filter(|body| !is_of_a_gateway(status, body))?;
    let text = match (status, body.get("error")) {
        (404, Some(error)) if body["status"] == 404 => error,
        (404, _) | (_, Some(_)) => return None,
        (_, None) => &body["message"],
    };
    text.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// What stands in the place of what was asked for.
pub(crate) fn text(answer: &Answer) -> Option<String> {
    let body = answer.json()?;
    ["error_description", "message", "error"].iter().find_map(|key| match body.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Null | Value::String(_) => None,
        other => Some(other.to_string()),
    })
}

/// Whether an answer that says success says beside it that it is none.
pub(crate) fn is_denied(answer: &Answer) -> bool {
    let body = str::from_utf8(&answer.body).ok().and_then(|body| Members::read(body).ok());
    body.is_some_and(|body| denies(&body))
}

/// Whether there is an error, a message, or "success": false. Nothing of Harvest's has a member of these names.
pub(crate) fn denies(body: &Members<'_>) -> bool {
    let is_message = |message: Value| message.as_str().is_some_and(|text| !text.trim().is_empty());
    body.raw("error").is_some_and(|error| !matches!(error, "null" | "false"))
        || body.value("message").is_some_and(is_message)
        || body.raw("success") == Some("false")
}

/// What a member may call where the method is for managers.
fn instead(tool: &str) -> Option<&'static str> {
    match tool {
        "list_projects" | "list_project_task_assignments" => Some("list_my_project_assignments"),
        "list_users" => Some("get_user with user_id \"me\""),
        _ => None,
    }
}
