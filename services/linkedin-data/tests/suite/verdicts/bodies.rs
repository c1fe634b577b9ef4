//! What may come in a vendor's place: its own forms, what gateways and frameworks write, pages, and halves.
use proptest::prelude::*;
use serde_json::{Value, json};

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

pub(super) fn reply() -> impl Strategy<Value = Reply> {
    status().prop_flat_map(|status| body(status).prop_map(move |body| Reply { status, body }))
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(401),
        2 => Just(403),
        4 => Just(200),
        1 => prop::sample::select(vec![400, 402, 404, 407, 429, 500, 503]),
    ]
}

fn body(status: u16) -> impl Strategy<Value = Vec<u8>> {
    let text = move || value(status).prop_map(|value| value.to_string().into_bytes());
    prop_oneof![
        10 => text(),
        1 => text().prop_map(|body| [b"<html>".as_slice(), body.as_slice()].concat()),
        1 => text().prop_map(|body| body[..body.len() / 2].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

fn value(status: u16) -> impl Strategy<Value = Value> {
    let told = prop_oneof![2 => Just(status), 1 => prop::sample::select(vec![200, 401, 403, 404])];
    let word = prop::sample::select(vec![
        "Invalid API key",
        "Invalid API key for this proxy",
        "invalid-token",
        "token-not-provided",
        "user-or-token-not-found",
        "Forbidden",
        "",
    ]);
    (told, word).prop_flat_map(|(told, word)| {
        let foreign = prop::sample::select(foreign(told, word));
        let own = prop::sample::select(own(told, word));
        prop_oneof![2 => own, 2 => taken(told, word), 2 => foreign]
    })
}

/// The forms that the reference has of the vendors' errors.
fn own(status: u16, word: &str) -> Vec<Value> {
    let whole = json!({"entityId": null, "requestId": "r-1", "status": status, "error": word, "query": {},
        "user": {"membershipTier": "basic"}, "payments": [], "cost": 0, "element": null});
    vec![
        whole,
        json!({"element": null, "status": status, "error": {"error": word}}),
        json!({"elements": [], "pagination": null, "status": status.to_string(), "error": word}),
        json!({"error": {"error": "Invalid API key"}}),
        json!({"error": {"type": word, "message": "invented"}}),
        json!({"error": status, "message": word}),
    ]
}

/// What stands where an entity is looked for.
fn element(word: &str) -> Vec<Value> {
    vec![
        json!({"id": "x", "name": word}),
        json!({"id": " ", "message": word}),
        json!({"id": "x", "success": false, "error": word}),
        json!({"error": word}),
        json!({"errors": [word]}),
        json!({"connectionId": "c-1"}),
        json!({"entityUrn": "urn:x", "createdAt": 1_774_944_000_000_u64}),
        json!({"sentInvitations": [], "myProfile": null}),
        json!({"receivedInvitations": [{"invitationId": "1"}]}),
        json!({}),
        json!([]),
        json!(word),
    ]
}

/// What may be read as a success: entities, lists, owners and runs, each as it should be and otherwise.
fn taken(status: u16, word: &'static str) -> impl Strategy<Value = Value> {
    let element = prop::sample::select(element(word));
    element.prop_flat_map(move |element| {
        let run = json!({"id": "runInvented01", "defaultDatasetId": "setInvented01", "status": "SUCCEEDED"});
        prop::sample::select(vec![
            json!({"entityId": null, "requestId": "r-1", "status": 200, "error": null, "element": element}),
            json!({"element": element, "status": status}),
            json!({"elements": [element], "status": 200, "pagination": null}),
            json!({"elements": element, "status": 200}),
            json!({"user": element}),
            json!({"user": {"membershipTier": "free"}, "usage": element}),
            json!({"usage": {"balance": "0.5"}, "plan": element}),
            json!({"usage": {"balance": 3}, "error": element}),
            json!({"data": element}),
            json!({"data": run}),
            json!({"data": run, "status": status}),
            element,
        ])
    })
}

/// What is written in front of a vendor, such as by RFC 9457, Spring, Cloudflare and the gateways of clouds.
fn foreign(status: u16, word: &str) -> Vec<Value> {
    let at = "2026-03-31T08:00:00.000+00:00";
    vec![
        json!({"type": "about:blank", "title": "Unauthorized", "status": status, "detail": word}),
        json!({"timestamp": at, "status": status, "error": "Unauthorized", "path": "/linkedin/profile"}),
        json!({"timestamp": at, "path": "/", "status": status, "error": "Unauthorized", "requestId": "5f0c-1"}),
        json!({"status": status}),
        json!({"status": status, "error": word}),
        json!({"error": {"error": "proxy login required"}}),
        json!({"error": {"error": word}, "status": status}),
        json!({"error": {"code": status, "status": "UNAUTHENTICATED", "message": word}}),
        json!({"error": word}),
        json!({"message": word, "success": false}),
        json!({"statusCode": status, "error": "Unauthorized", "message": word}),
        json!({"success": false, "errors": [{"code": 10000, "message": word}]}),
        json!([word]),
        json!(word),
    ]
}
