//! What a fault does to a call.

use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::flaws::Flaw;
use crate::decimal::Micros;

/// What happens to a call that a fault takes.
#[derive(Default)]
pub(crate) struct Effect {
    pub(crate) status: Option<StatusCode>,
    pub(crate) delay: Duration,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<BodyFault>,
    pub(crate) body_bytes: Option<u64>,
    pub(crate) redirect: Option<HeaderValue>,
    pub(crate) edge: Option<Edge>,
    /// What the vendor says went wrong, and its type where errors have one (Apify).
    pub(crate) error: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) body_status: Option<u16>,
    /// Stands in the place of the element (HarvestAPI).
    pub(crate) element: Option<Value>,
    pub(crate) cost: Option<Micros>,
    /// A change of an entry is answered, and not made (Harvest).
    pub(crate) unchanged: bool,
    /// Rows that a dataset shows (Apify).
    pub(crate) rows: Option<usize>,
    pub(crate) echo: Option<Echo>,
    pub(crate) hang_up: Option<HangUp>,
    pub(crate) unknown_fields: bool,
    /// Paths of fields that are taken out.
    pub(crate) without: Vec<String>,
    pub(crate) long_text: Option<LongText>,
    pub(crate) flaws: Vec<Flaw>,
    pub(crate) flaw_field: Option<String>,
    /// Seconds by which the clock of the answer is ahead of ours.
    pub(crate) clock: Option<i64>,
    /// Seconds from that clock to the date of `Retry-After`.
    pub(crate) retry_date: Option<i64>,
    pub(crate) link_origin: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BodyFault {
    Cut,
    Garbage,
    Huge,
    WrongTypes,
    Html,
    Empty,
    Text(String),
    Json(Value),
}

/// Something between the caller and the vendor that answers in the vendor's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The vendor never saw the call.
    Before,
    /// The vendor did all of it, and its answer is lost.
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    Plain,
    Json,
    Url,
    Base64,
    Header,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HangUp {
    /// Nothing was done.
    Before,
    /// All was done, and nobody is told.
    After,
}

/// A field whose text is replaced by one of so many bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LongText {
    pub(crate) field: String,
    pub(crate) bytes: usize,
}

impl Effect {
    /// Whether the vendor never sees the call.
    pub(crate) fn stays_outside(&self) -> bool {
        self.edge == Some(Edge::Before)
    }
}

impl Echo {
    /// Whether it shows in the body; else in a header.
    pub(super) fn in_body(self) -> bool {
        self != Self::Header
    }
}
