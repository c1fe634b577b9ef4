//! What the kernel asks of a simulated vendor.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use serde_json::Value;

use super::call::Call;
use super::credentials::Credentials;
use super::reply::Reply;
use crate::decimal::Micros;

/// One vendor: its endpoints, its state, its credentials, and the form of its errors.
pub(crate) trait Vendor: Send + Sync {
    /// The word for it in the journal and in faults.
    fn word(&self) -> &'static str;

    /// Answers one call.
    fn handle<'a>(&'a self, call: &'a Call) -> Pending<'a, Reply>;

    /// Refuses in the vendor's own form; without a text, in its own words.
    fn failure(&self, status: StatusCode, text: Option<&str>) -> Reply;

    /// The credentials that this vendor takes.
    fn credentials(&self) -> &dyn Credentials;

    /// Goes back to the seed. Kept rows are wiped afterwards, by whoever resets all vendors.
    fn reset(&self);

    /// Admits a call to those in flight, or refuses it. What it hands out is dropped once the answer is made.
    fn enter<'a>(&'a self, _call: &'a Call) -> Pending<'a, Result<Option<Slot>, Reply>> {
        Box::pin(ready(Ok(None)))
    }

    /// The effects of a fault that only this vendor can show.
    fn own_effects(&self) -> &'static [OwnEffect] {
        &[]
    }

    /// Refuses with an error type, where errors of this vendor have one.
    fn typed_failure(&self, status: StatusCode, _error_type: &str, text: Option<&str>) -> Reply {
        self.failure(status, text)
    }

    /// Answers what a fault tells in the envelope that this vendor puts around its answers.
    fn enveloped(&self, _call: &Call, told: &Told<'_>) -> Reply {
        self.failure(StatusCode::from_u16(told.status).unwrap_or(StatusCode::OK), told.error)
    }

    /// Turns a write into a look at what it would change, so that the row is answered as it stands.
    fn look_instead(&self, _call: &mut Call) {}

    /// How long the run is over whose rows the call looks at; None where it goes on, or no rows are looked at.
    fn rows_since_the_end(&self, _call: &Call) -> Option<Duration> {
        None
    }

    /// Paths that this vendor adds to the control port.
    fn control(self: Arc<Self>) -> Router {
        Router::new()
    }
}

/// What comes later, behind a trait object.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place among the calls in flight, given back when it is dropped.
pub(crate) type Slot = Box<dyn Send>;

/// An effect that one vendor alone can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnEffect {
    /// A status within the body.
    BodyStatus,
    /// Another element within the envelope.
    Element,
    /// An error of another type.
    ErrorType,
    /// Fewer rows than a dataset holds.
    Rows,
    /// A write that changes nothing.
    Unchanged,
}

/// What a fault says in an envelope, about a call that did nothing.
pub(crate) struct Told<'a> {
    pub(crate) status: u16,
    pub(crate) error: Option<&'a str>,
    /// Stands in the place of the element or the rows.
    pub(crate) element: Option<&'a Value>,
    /// None where it costs what the path usually costs.
    pub(crate) cost: Option<Micros>,
}
