use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::credentials::{Key, Tier};
use crate::decimal::Micros;
use crate::world::World;

/// What stands around the element of every answer.
pub(super) struct Envelope {
    pub(super) entity_id: Option<String>,
    pub(super) status: u16,
    pub(super) error: Option<String>,
    /// What was understood.
    pub(super) query: Map<String, Value>,
    pub(super) payment: Option<&'static str>,
    pub(super) cost: Micros,
    pub(super) element: Option<Bytes>,
}

/// Parameters that are sent to be used, not to be shown again.
const HIDDEN: [&str; 3] = ["cookie", "proxy", "sharedSecret"];

// === impl Envelope ===

impl Envelope {
    /// The HTTP status is 200 whatever the body says. The element is copied as it is, without being parsed again.
    pub(super) fn reply(self, world: &World, call: &Call, key: &Key) -> Reply {
        let concurrency = key.concurrency.unwrap_or(match key.tier {
            Tier::Free => 1,
            Tier::Starter => 5,
            Tier::Basic => 10,
            Tier::Pro => 20,
            Tier::Business => 40,
        });
        let head = json!({
            "entityId": self.entity_id,
            "requestId": format!("sbx-{:08}", world.next_request()),
            "status": self.status,
            "error": self.error,
            "query": self.query,
            "originalQuery": original(call),
            "user": {"membershipTier": key.tier, "requestsConcurrency": concurrency},
            "payments": self.payment.as_slice(),
            "cost": self.cost,
            "retries": 0,
        });
        let mut body = Vec::with_capacity(1024 + self.element.as_ref().map_or(4, Bytes::len));
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut body, &head);
        body.pop();
        body.extend_from_slice(b",\"element\":");
        body.extend_from_slice(self.element.as_deref().unwrap_or(b"null"));
        body.push(b'}');
        Reply::json_bytes(StatusCode::OK, body)
    }
}

/// A failure that only the body tells, with what it costs; the wallet pays it as far as it can.
pub(crate) fn body_failure(
    world: &World,
    call: &Call,
    status: u16,
    cost: Option<Micros>,
    text: &str,
) -> Reply {
    let key = call.header("x-api-key").unwrap_or_default();
    let Some(known) = world.credentials.key(key) else {
        return super::failure(StatusCode::UNAUTHORIZED, "Invalid API key");
    };
    let cost = cost.unwrap_or(if status == 404 { super::profile::MISS } else { Micros(0) });
    world.credentials.charge(&world.store, key, cost);
    let envelope = Envelope {
        entity_id: None,
        status,
        error: Some(text.to_owned()),
        query: original(call),
        payment: None,
        cost,
        element: None,
    };
    envelope.reply(world, call, &known)
}

/// The query as it was sent.
pub(super) fn original(call: &Call) -> Map<String, Value> {
    let shown = call.query.iter().filter(|(key, _)| !HIDDEN.contains(&key.as_str()));
    shown.map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
}
