//! Why there is no answer, and what that means for a read, a charged read and a write.
use std::error::Error as StdError;
use std::time::Duration;

use granary_rpc::{Deadline, Error, Reason};

use super::room::NoRoom;
use crate::status::{failure, failure_of_write};

/// What is told where there is no room for a large answer.
pub(crate) const NO_ROOM: &str = "too many large answers are held; there was no room for this one in time";
/// When room may have become free.
pub(crate) const RETRY_DELAY: Duration = Duration::from_secs(1);

/// What a call does, as far as repeating it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing; it may be repeated.
    Read,
    /// Each time that it is taken up is billed.
    Charged,
    /// It happens once.
    Write,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// No byte of the request left.
    NotSent(Cause),
    /// Nothing came for longer than the read timeout.
    Silent(Cause),
    /// The connection ended before an answer began.
    Reset(Cause),
    /// The connection ended within the body of an answer of this status.
    CutOff(u16, Cause),
    /// The body is larger than this.
    TooLarge(usize),
    /// The body is compressed, though that was not asked for.
    Encoded,
    /// The answer points elsewhere.
    Redirected(u16),
    /// Too many large answers were held until the time of the call ran out.
    NoRoom,
    /// The time of the call ran out.
    Late { dispatched: bool },
}

/// What an error of the HTTP stack says, without any URL: those may hold secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Effect {
    pub(super) fn of(repeatable: bool, charged: bool) -> Self {
        match (repeatable, charged) {
            (false, _) => Self::Write,
            (true, true) => Self::Charged,
            (true, false) => Self::Read,
        }
    }
}

impl Fault {
    /// Whether the upstream may have acted on the request.
    fn may_have_acted(&self) -> bool {
        !matches!(self, Self::NotSent(_) | Self::Late { dispatched: false })
    }

    pub(super) fn into_error(self, api: &'static str, effect: Effect, deadline: Deadline) -> Error {
        let acted = self.may_have_acted();
        let past = deadline.remaining().is_zero();
        let unavailable = Reason::UpstreamUnavailable;
        let malformed = Reason::UpstreamMalformed;
        let (reason, text, cause) = match self {
            Self::Redirected(status) if effect == Effect::Write => {
                return failure_of_write(status, api, None, None);
            }
            Self::Redirected(status) => {
                let error = failure(status, api, None, None);
                return if effect == Effect::Charged { error.with("charge", "unknown") } else { error };
            }
            Self::NotSent(cause) => (unavailable, format!("{api} cannot be reached"), Some(cause)),
            Self::Silent(cause) => (unavailable, format!("{api} did not answer in time"), Some(cause)),
            Self::Reset(cause) => (unavailable, format!("{api} broke the connection off"), Some(cause)),
            Self::CutOff(status, cause) => {
                // What is left of a refusal is nobody's word.
                let reason = if status < 400 { malformed } else { unavailable };
                (reason, format!("the answer of {api} was cut off"), Some(cause))
            }
            Self::TooLarge(max) => (malformed, format!("{api} sent an answer larger than {max} bytes"), None),
            Self::Encoded => (malformed, format!("{api} sent a compressed answer unasked"), None),
            Self::NoRoom => (Reason::Overloaded, NO_ROOM.to_owned(), None),
            Self::Late { .. } if past => (Reason::DeadlineExceeded, Deadline::error().to_string(), None),
            Self::Late { .. } => (unavailable, format!("{api} did not answer in time"), None),
        };
        let error = match effect {
            Effect::Write if acted => {
                let text =
                    format!("{text}; the write may or may not have happened, look before repeating it");
                Error::new(Reason::UnknownOutcome, text)
            }
            Effect::Charged if acted => Error::new(reason, text).with("charge", "unknown"),
            _ => Error::new(reason, text),
        };
        let error = error.with("upstream", api);
        let error = if error.reason() == Reason::Overloaded { error.retry_after(RETRY_DELAY) } else { error };
        match cause {
            Some(cause) => error.caused_by(cause),
            None => error,
        }
    }
}

impl From<NoRoom> for Fault {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl Cause {
    /// What we say ourselves.
    pub(super) fn ours(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let mut text = words(error);
        let mut source = error.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.downcast_ref().map_or_else(|| error.to_string(), words));
            source = error.source();
        }
        Self(text)
    }
}

/// What `Display` prints where there is no URL.
fn words(error: &reqwest::Error) -> String {
    let kind = if error.is_builder() {
        "cannot build the request"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_timeout() {
        "timed out"
    } else if error.is_body() || error.is_decode() {
        "cannot read the body"
    } else {
        "cannot exchange the request"
    };
    kind.to_owned()
}
