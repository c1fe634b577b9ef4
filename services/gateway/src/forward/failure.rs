//! What a call without an answer means for its caller.
use std::time::Duration;

use granary_proto::Method;
use granary_proto::granary::policy::v1::Effect;
use granary_rpc::{Error, Reason};

use super::{Unanswered, changes};
use crate::backend::Backend;
use crate::relay::unknown_outcome;

/// When a caller may try again while a service is away.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The refusal, after the last attempt.
pub(super) fn of(backend: &Backend, error: Unanswered, method: &Method) -> Error {
    if let Unanswered::Full = error {
        metrics::counter!("granary_refusals_total", "limit" => "service_calls").increment(1);
        return Error::new(Reason::Overloaded, format!("{} has as many calls as it takes", backend.process))
            .with("limit", "service_calls")
            .retry_after(RETRY_DELAY);
    }
    let is_open = !error.is_unprocessed();
    if is_open && changes(method) {
        return unknown_outcome(&format!("the connection to {} broke", backend.process)).caused_by(error);
    }
    let away = Error::new(Reason::ServiceUnavailable, format!("{} cannot be reached", backend.process))
        .with("service", backend.process)
        .retry_after(RETRY_DELAY)
        .caused_by(error);
    // It may have been billed; sending it again might be billed again, and is the caller's to decide.
    if is_open && method.effect == Effect::ChargedRead { away.with("charge", "unknown") } else { away }
}

/// There is always a last attempt.
pub(super) fn never() -> Error {
    Error::new(Reason::Internal, "the call was not sent")
}
