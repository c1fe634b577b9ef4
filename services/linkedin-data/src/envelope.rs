//! The envelope around every answer of HarvestAPI: a status that may differ from HTTP's, and what the call cost.
use std::str;

use granary_convert::Members;
use granary_formats::money;
use granary_proto::granary::linkedin::v1::ApiUser;
use granary_proto::granary::types::v1::Charge;
use granary_upstream::{Answer, is_of_a_gateway};
use serde_json::Value;

/// What the caller sent is not sent back to it, and what an error says is told as one.
const OWN: [&str; 2] = ["query", "originalQuery"];
/// Every envelope has one of these, be it null. A status and an error without them are what gateways and frameworks answer,
/// some with a `requestId` of their own.
const MARKS: [&str; 3] = ["element", "elements", "entityId"];
/// The words with which upstream was seen to refuse a key, with HTTP's 401 and without an envelope.
const BAD_KEY: &str = "Invalid API key";

/// An answer of HarvestAPI, taken apart.
#[derive(Default)]
pub(crate) struct Envelope<'a> {
    /// The body's own status.
    pub(crate) status: Option<u16>,
    /// What upstream says is wrong.
    pub(crate) error: Option<String>,
    /// What upstream billed, as far as it says so.
    pub(crate) charge: Charge,
    /// Whether it is an envelope, and not what something in front of upstream made up.
    is_whole: bool,
    /// Whether it is the one answer without an envelope that upstream was seen to refuse a key by.
    refuses_key: bool,
    /// Whether it is an error without an envelope in a form of upstream's.
    is_own_error: bool,
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
        let is_whole = MARKS.iter().any(|mark| rest.raw(mark).is_some());
        let is_alone = rest.iter().count() == 1;
        let is_bad_key = |error: Value| error == serde_json::json!({"error": BAD_KEY});
        let refuses_key = answer.status == 401 && is_alone && rest.value("error").is_some_and(is_bad_key);
        let is_own_error = error.is_some() && is_error_of_upstream(answer, &rest);
        let status = take(&mut rest, "status", |status| plain(status)?.parse().ok());
        let charge = Charge {
            cost_micros: take(&mut rest, "cost", |cost| money::micros(&plain(cost)?)),
            payment_codes: take(&mut rest, "payments", texts).unwrap_or_default(),
            upstream_request_id: take(&mut rest, "requestId", plain),
        };
        rest.retain(|key, raw| key == "element" || raw != "null");
        Some(Self { status, error, charge, is_whole, refuses_key, is_own_error, rest })
    }
}

impl Envelope<'_> {
    /// Whether upstream itself says that it refuses: an envelope tells this status, or the answer is the one that was seen for a
    /// refused key. What a proxy, a gateway or a framework answers is neither, though it may tell a status and an error.
    pub(crate) fn is_own_refusal(&self, status: u16) -> bool {
        self.is_whole && self.status == Some(status) || status == 401 && self.refuses_key
    }

    /// Whether upstream says what is wrong in a form of its own: an envelope, or one of the forms of an error that are documented
    /// or were seen.
    pub(crate) fn says_so(&self, status: u16) -> bool {
        self.is_own_refusal(status) || self.is_own_error
    }

    /// Whether it tells of a member's limit at LinkedIn, and not of upstream's own for calls at a time.
    pub(crate) fn limits_member(&self) -> bool {
        let is_of_calls = |said: &String| said.to_lowercase().contains("concurrent");
        self.is_own_refusal(429) && !self.error.as_ref().is_some_and(is_of_calls)
    }

    /// The key's owner, where it is told, with nothing that is wrong in the owner's place. An object that says something else is
    /// nobody's word on the key.
    pub(crate) fn owner(&self) -> Option<ApiUser> {
        let is_wrong = self.error.is_some() || self.is_denied();
        if is_wrong { None } else { self.rest.decode().ok().filter(names_somebody) }
    }

    /// Whether it says beside what it holds that it is no success.
    pub(crate) fn is_denied(&self) -> bool {
        self.rest.raw("error").is_some_and(is_something) || is_no(self.rest.raw("success"))
    }
}

/// An object around the text, a number beside a message, or both as text with the status of the answer. What is said of an empty
/// wallet is not published, so that any text is taken for it.
fn is_error_of_upstream(answer: &Answer, body: &Members<'_>) -> bool {
    let (error, message) = (body.value("error").unwrap_or_default(), body.value("message"));
    let has_message = message.is_some_and(|message| message.is_string());
    let is_nested = error["error"].is_string();
    let is_numbered = error.is_i64() && has_message;
    let is_whole = error.is_string() && has_message && body.value("status") == Some(answer.status.into());
    let is_of_wallet = answer.status == 402 && error.is_string();
    (is_nested || is_numbered || is_whole || is_of_wallet)
        && answer.json().is_some_and(|body| !is_of_a_gateway(answer.status, &body))
}

/// Whether what stands under "success" says that it is none.
pub(crate) fn is_no(success: Option<&str>) -> bool {
    matches!(success, Some("false" | "\"false\""))
}

/// Whether what stands under "error" is more than nothing.
pub(crate) fn is_something(error: &str) -> bool {
    !matches!(error, "null" | "false" | "\"\"" | "{}" | "[]")
}

/// Whether anything of a user or of a wallet is there.
fn names_somebody(owner: &ApiUser) -> bool {
    let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let is_user = owner.user.as_ref().is_some_and(|user| {
        has(&user.id) || has(&user.email) || has(&user.membership_tier) || user.total_balance.is_some()
    });
    is_user || owner.usage.as_ref().is_some_and(|usage| usage.balance.is_some())
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
