//! The bodies that pass through: frames untouched, bytes counted, trailers looked at.
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Reason};
use granary_server::{Incoming, link};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use tokio::time::Sleep;
use tonic::body::Body;

use crate::outcome::Watch;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A caller's request body, up to a limit.
#[derive(Debug)]
pub(crate) struct Limited {
    inner: Incoming,
    left: usize,
    exceeded: Exceeded,
}

/// Whether a request was larger than a message may be; the HTTP stack does not tell why it gave a body up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exceeded(Arc<AtomicBool>);

/// A request body on its way to a service.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// The caller's frames.
    Caller(Limited),
    /// One message of the gateway's own.
    Own(Full<Bytes>),
}

/// An answer on its way to the caller.
#[derive(Debug)]
pub(crate) struct Relay {
    inner: Answer,
    watch: Option<Watch>,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Where an answer comes from.
#[derive(Debug)]
enum Answer {
    Own(Body),
    Service { body: link::Answer<Outbound>, write: bool },
}

impl Outbound {
    /// What tells afterwards whether the caller sent too much.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        match self {
            Self::Caller(body) => Some(body.exceeded.clone()),
            Self::Own(_) => None,
        }
    }
}

impl http_body::Body for Outbound {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Caller(body) => Pin::new(body).poll_frame(cx),
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Caller(body) => body.is_end_stream(),
            Self::Own(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Caller(body) => body.size_hint(),
            Self::Own(body) => body.size_hint(),
        }
    }
}

impl Answer {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        match self {
            Self::Own(body) => Pin::new(body).poll_frame(cx),
            Self::Service { body, write } => Pin::new(body).poll_frame(cx).map_err(|error| {
                let cut = if *write {
                    unknown_outcome("the answer was cut off")
                } else {
                    Error::new(Reason::ServiceUnavailable, "the service's answer was cut off")
                };
                cut.caused_by(error).into()
            }),
        }
    }
}

impl Exceeded {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The refusal of a request that is too large.
    pub(crate) fn error() -> Error {
        Error::new(Reason::LimitExceeded, "the message is larger than the gateway accepts")
            .with("subject", "message_bytes")
    }
}

impl Limited {
    pub(crate) fn new(inner: Incoming, limit: usize) -> Self {
        Self { inner, left: limit, exceeded: Exceeded::default() }
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                match self.left.checked_sub(size) {
                    Some(left) => {
                        self.left = left;
                        Some(Ok(frame))
                    }
                    None => {
                        self.exceeded.0.store(true, Ordering::Release);
                        Some(Err(Box::new(tonic::Status::from(Exceeded::error()))))
                    }
                }
            }
            Some(Err(error)) => Some(Err(error.into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Relay {
    /// An answer of the gateway's own.
    pub(crate) fn own(inner: Body) -> Self {
        Self { inner: Answer::Own(inner), watch: None, deadline: None }
    }

    /// An answer of a service.
    pub(crate) fn forwarded(
        body: link::Answer<Outbound>,
        write: bool,
        watch: Option<Watch>,
        deadline: Pin<Box<Sleep>>,
    ) -> Self {
        Self { inner: Answer::Service { body, write }, watch, deadline: Some(deadline) }
    }
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match self.inner.poll(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                if let Some(deadline) = &mut self.deadline {
                    ready!(deadline.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(Deadline::error().into())));
                }
                return Poll::Pending;
            }
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(match frame.into_trailers() {
                Ok(mut trailers) => {
                    let outcome = strip(&mut trailers);
                    if let Some(watch) = self.watch.take() {
                        watch.ended(trailers.get(&name::STATUS), outcome.as_ref());
                    }
                    Ok(Frame::trailers(trailers))
                }
                Err(frame) => Ok(frame),
            }),
            other => other,
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Answer::Own(body) => body.is_end_stream(),
            Answer::Service { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Answer::Own(body) => body.size_hint(),
            Answer::Service { body, .. } => body.size_hint(),
        }
    }
}

/// Takes out what a service says of a credential: it is for the broker, not for the caller.
pub(crate) fn strip(headers: &mut HeaderMap) -> Option<http::HeaderValue> {
    headers.remove(&name::CREDENTIAL_OUTCOME)
}

/// A change that was sent and whose answer did not arrive.
pub(crate) fn unknown_outcome(what: &str) -> Error {
    let text = format!("{what}; whether the change was made is not known: look before repeating it");
    Error::new(Reason::UnknownOutcome, text)
}
