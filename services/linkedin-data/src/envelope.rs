//! The envelope around every answer of HarvestAPI: a status that may differ from HTTP's, and what the call cost.
use std::str;

use granary_convert::Members;
use granary_proto::granary::types::v1::Charge;
use granary_upstream::{Answer, money};
use serde_json::Value;

/// What the caller sent is not sent back to it, and what an error says is told as one.
const OWN: [&str; 2] = ["query", "originalQuery"];

/// An answer of HarvestAPI, taken apart.
#[derive(Default)]
pub(crate) struct Envelope<'a> {
    /// The body's own status.
    pub(crate) status: Option<u16>,
    /// What upstream says is wrong.
    pub(crate) error: Option<String>,
    /// What upstream billed, as far as it says so.
    pub(crate) charge: Charge,
    /// Whether the error has the form in which upstream was seen to refuse a key: a text inside two objects.
    pub(crate) has_nested_error: bool,
    /// Everything else that is not null, a `null` element excepted.
    pub(crate) rest: Members<'a>,
}

impl<'a> Envelope<'a> {
    /// Takes an answer apart. `None`: the body is no JSON object.
    pub(crate) fn read(answer: &'a Answer) -> Option<Self> {
        let mut rest = Members::read(str::from_utf8(&answer.body).ok()?).ok()?;
        for key in OWN {
            rest.remove(key);
        }
        let error = text_of(&rest);
        let nested = |error: &Value| error.get("error").is_some_and(Value::is_string);
        let has_nested_error = rest.value("error").as_ref().is_some_and(nested);
        let status = take(&mut rest, "status", |status| plain(status)?.parse().ok());
        let charge = Charge {
            cost_micros: take(&mut rest, "cost", |cost| money::micros(&plain(cost)?)),
            payment_codes: take(&mut rest, "payments", texts).unwrap_or_default(),
            upstream_request_id: take(&mut rest, "requestId", plain),
        };
        rest.retain(|key, raw| key == "element" || raw != "null");
        Some(Self { status, error, charge, has_nested_error, rest })
    }
}

impl Envelope<'_> {
    /// Whether upstream itself says that it refuses: the envelope tells this status, too, or the error has the form of a
    /// refused key. What a proxy or a firewall answers has neither.
    pub(crate) fn is_own_refusal(&self, status: u16) -> bool {
        self.status == Some(status) || (status == 401 && self.has_nested_error)
    }

    /// Whether it is about the key's owner, and no error in the owner's place.
    pub(crate) fn is_owner(&self) -> bool {
        self.error.is_none() && self.rest.iter().next().is_some()
    }
}

/// What an answer that is no JSON as a whole says that it cost.
pub(crate) fn charge_of_unreadable(answer: &Answer) -> Charge {
    Charge { cost_micros: answer.top_number("cost").and_then(money::micros), ..Charge::default() }
}

/// The three shapes of an error: a text, an object around one, and a message beside a number.
fn text_of(body: &Members<'_>) -> Option<String> {
    let (error, message) = (body.value("error"), body.value("message"));
    let nested = error.as_ref().and_then(|error| error.get("error").or_else(|| error.get("message")));
    [error.as_ref(), nested, message.as_ref()].into_iter().flatten().find_map(|value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    })
}

/// Takes a value that can be used out of the envelope; one that cannot stays in it.
fn take<T>(rest: &mut Members<'_>, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(&rest.value(key)?)?;
    rest.remove(key);
    Some(value)
}

/// A number with its own digits, or a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|code| code.as_str().map(str::to_owned)).collect()
}
