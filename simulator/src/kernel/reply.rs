//! A whole answer, before a fault touches it.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

/// A whole answer: status, headers and body.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

impl Reply {
    pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Self {
        // Our own types have text keys and finite numbers, so that this cannot fail.
        Self::json_bytes(status, serde_json::to_vec(value).unwrap_or_default())
    }

    pub(crate) fn json_bytes(status: StatusCode, body: Vec<u8>) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, JSON)], body: body.into() }
    }

    pub(crate) fn html(status: StatusCode, body: &'static str) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, HTML)], body: Bytes::from_static(body.as_bytes()) }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn is_json(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == CONTENT_TYPE && *value == JSON)
    }
}
