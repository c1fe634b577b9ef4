//! The bodies that pass through: frames untouched, bytes counted, trailers looked at.
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_rpc::{Deadline, metadata};
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;
use tonic::body::Body;

use crate::outcome::Watch;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A caller's request body, up to a limit.
#[derive(Debug)]
pub(crate) struct Limited {
    inner: Incoming,
    left: usize,
}

/// The caller sent more than a message may have.
#[derive(Debug, thiserror::Error)]
#[error("the request is larger than a message may be")]
pub(crate) struct TooLarge;

/// An answer on its way to the caller.
#[derive(Debug)]
pub(crate) struct Relay {
    inner: Body,
    watch: Option<Watch>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Limited {
    pub(crate) fn new(inner: Incoming, limit: usize) -> Self {
        Self { inner, left: limit }
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
                    None => Some(Err(TooLarge.into())),
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
        Self { inner, watch: None, deadline: None }
    }

    /// An answer of a service.
    pub(crate) fn forwarded(inner: Body, watch: Option<Watch>, deadline: Option<Pin<Box<Sleep>>>) -> Self {
        Self { inner, watch, deadline }
    }
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match Pin::new(&mut self.inner).poll_frame(cx) {
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
                        watch.ended(trailers.get("grpc-status"), outcome);
                    }
                    Ok(Frame::trailers(trailers))
                }
                Err(frame) => Ok(frame),
            }),
            other => other,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes out what a service says of a credential: it is for the broker, not for the caller.
pub(crate) fn strip(headers: &mut HeaderMap) -> Option<http::HeaderValue> {
    headers.remove(metadata::CREDENTIAL_OUTCOME)
}
