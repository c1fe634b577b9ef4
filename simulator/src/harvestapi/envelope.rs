//! The envelope of an answer.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::key::Key;
use super::price::Price;
use crate::decimal::Micros;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;
use crate::kernel::vendor::Told;

/// What stands around every answer. The HTTP status is 200 whatever the body says.
pub(super) struct Envelope {
    entity_id: Option<String>,
    status: u16,
    error: Option<String>,
    /// What was understood, where it is not just what was sent.
    query: Option<Map<String, Value>>,
    url: Option<String>,
    price: Price,
    body: Body,
}

enum Body {
    Element(Option<Bytes>),
    Rows(Vec<Value>, Value),
}

/// Parameters that are sent to be used, not to be shown again.
const HIDDEN: [&str; 3] = ["cookie", "proxy", "sharedSecret"];

impl Envelope {
    pub(super) fn element(price: Price, entity_id: String, element: &Value) -> Self {
        let written = serde_json::to_vec(element).unwrap_or_default();
        let url = element["linkedinUrl"].as_str().map(str::to_owned);
        Self { url, ..Self::written(price, entity_id, written.into()) }
    }

    /// An element that stands for nothing with an id.
    pub(super) fn unnamed(price: Price, element: &Value) -> Self {
        Self { entity_id: None, ..Self::element(price, String::new(), element) }
    }

    /// An element that was written out before; it is copied as it is.
    pub(super) fn written(price: Price, entity_id: String, element: Bytes) -> Self {
        Self { entity_id: Some(entity_id), ..Self::of(200, price, Body::Element(Some(element))) }
    }

    pub(super) fn rows(price: Price, rows: Vec<Value>, pagination: Value) -> Self {
        Self::of(200, price, Body::Rows(rows, pagination))
    }

    /// Success with nothing in it, charged.
    pub(super) fn nothing(price: Price, entity_id: String) -> Self {
        let price = Price { code: None, ..price };
        Self { entity_id: Some(entity_id), ..Self::of(200, price, Body::Element(None)) }
    }

    /// A failure that only the body tells: what does not exist is charged, what was asked wrongly is not.
    pub(super) fn failure(price: Price, status: u16, error: &str) -> Self {
        let cost = price.cost.map(|cost| if status == 404 { cost } else { Micros(0) });
        let body = if price.rows { Body::Rows(Vec::new(), Value::Null) } else { Body::Element(None) };
        Self { error: Some(error.to_owned()), ..Self::of(status, Price { cost, code: None, ..price }, body) }
    }

    /// What a fault says, about a call that did nothing.
    pub(super) fn told(price: Price, told: &Told<'_>) -> Self {
        let mut envelope = Self::failure(price, told.status, told.error.unwrap_or_default());
        envelope.error = told.error.map(str::to_owned);
        if let Some(element) = told.element {
            let written = (!element.is_null()).then(|| Bytes::from(element.to_string()));
            envelope.body = Body::Element(written);
        }
        envelope.price.cost = told.cost.or(envelope.price.cost);
        envelope
    }

    pub(super) fn about(self, entity_id: &str) -> Self {
        Self { entity_id: Some(entity_id.to_owned()), ..self }
    }

    pub(super) fn understood(self, query: Map<String, Value>) -> Self {
        Self { query: Some(query), ..self }
    }

    pub(super) fn cost(&self) -> Micros {
        self.price.cost.unwrap_or_default()
    }

    /// Writes it out; `request` is the number of the answer.
    pub(super) fn reply(self, request: u64, call: &Call, key: &Key) -> Reply {
        let mut head = json!({
            "entityId": self.entity_id,
            "requestId": format!("sbx-{request:08}"),
            "status": self.status,
            "error": self.error,
            "query": self.query.unwrap_or_else(|| original(call)),
            "originalQuery": original(call),
            "user": {"membershipTier": key.tier, "requestsConcurrency": key.told_concurrency()},
            "payments": self.price.code.as_slice(),
        });
        if let Some(url) = self.url {
            head["liUrl"] = json!(url);
        }
        if let Some(cost) = self.price.cost {
            head["cost"] = json!(cost);
        }
        head["retries"] = json!(0);
        let mut body = Vec::with_capacity(1024);
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut body, &head);
        body.pop();
        match self.body {
            Body::Element(element) => {
                body.extend_from_slice(b",\"element\":");
                body.extend_from_slice(element.as_deref().unwrap_or(b"null"));
            }
            Body::Rows(rows, pagination) => {
                body.extend_from_slice(b",\"elements\":");
                let _ = serde_json::to_writer(&mut body, &rows);
                body.extend_from_slice(b",\"pagination\":");
                let _ = serde_json::to_writer(&mut body, &pagination);
            }
        }
        body.push(b'}');
        Reply::json_bytes(StatusCode::OK, body)
    }

    fn of(status: u16, price: Price, body: Body) -> Self {
        Self { entity_id: None, status, error: None, query: None, url: None, price, body }
    }
}

/// The query as it was sent.
pub(super) fn original(call: &Call) -> Map<String, Value> {
    let shown = call.query.iter().filter(|(key, _)| !HIDDEN.contains(&key.as_str()));
    shown.map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
}
