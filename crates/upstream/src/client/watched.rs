//! A request body that knows whether the HTTP stack has taken the request up.
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body in one piece. As long as its flag is down, no byte of the request can have left: a connection asks whether
/// there is a body before it writes the head. Once it is up, any number of them may have.
pub(super) struct Watched {
    bytes: Bytes,
    dispatched: Arc<AtomicBool>,
}

impl Watched {
    pub(super) fn new(bytes: Bytes, dispatched: Arc<AtomicBool>) -> Self {
        Self { bytes, dispatched }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.dispatched.store(true, Ordering::Release);
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.dispatched.store(true, Ordering::Release);
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
