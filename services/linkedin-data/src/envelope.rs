//! The envelope around every answer of HarvestAPI: a status that may differ from HTTP's, and what the call cost.
use granary_proto::granary::types::v1::Charge;
use granary_upstream::{Answer, money};
use serde_json::{Map, Value};

/// What the caller sent is not sent back to it, and what an error says is told as one.
const OWN: [&str; 2] = ["query", "originalQuery"];

/// An answer of HarvestAPI, taken apart.
#[derive(Default)]
pub(crate) struct Envelope {
    /// The body's own status.
    pub(crate) status: Option<u16>,
    /// What upstream says is wrong.
    pub(crate) error: Option<String>,
    /// What upstream billed, as far as it says so.
    pub(crate) charge: Charge,
    /// Everything else that is not null, a `null` element excepted.
    pub(crate) rest: Map<String, Value>,
}

impl Envelope {
    /// Takes an answer apart. `None`: the body is no JSON object.
    pub(crate) fn read(answer: &Answer) -> Option<Self> {
        let Some(Value::Object(mut rest)) = answer.json() else { return None };
        for key in OWN {
            rest.shift_remove(key);
        }
        let error = text_of(&rest);
        let status = take(&mut rest, "status", |status| plain(status)?.parse().ok());
        let charge = Charge {
            cost_micros: take(&mut rest, "cost", |cost| money::micros(&plain(cost)?)),
            payment_codes: take(&mut rest, "payments", texts).unwrap_or_default(),
            upstream_request_id: take(&mut rest, "requestId", plain),
        };
        rest.retain(|key, value| key == "element" || !value.is_null());
        Some(Self { status, error, charge, rest })
    }
}

/// The three shapes of an error: a text, an object around one, and a message beside a number.
fn text_of(body: &Map<String, Value>) -> Option<String> {
    let error = body.get("error");
    let nested = error.and_then(|error| error.get("error").or_else(|| error.get("message")));
    [error, nested, body.get("message")].into_iter().flatten().find_map(|value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    })
}

/// Takes a value that can be used out of the envelope; one that cannot stays in it.
fn take<T>(rest: &mut Map<String, Value>, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(rest.get(key)?)?;
    rest.shift_remove(key);
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
