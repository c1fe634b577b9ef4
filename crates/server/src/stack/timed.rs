//! An answer ends at its call's deadline, whether its service or its reader is slow.
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use granary_rpc::Deadline;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;
use tonic::Status;

use crate::http2::Outgoing;

/// A body with a deadline. Past it, it ends with trailers that say so.
#[derive(Debug)]
pub struct Timed<B> {
    inner: B,
    deadline: Option<Deadline>,
    /// Made when first needed: most answers are there at once.
    sleep: Option<Pin<Box<Sleep>>>,
    has_ended: bool,
}

impl<B> Timed<B> {
    /// `None`: it may last for ever.
    pub fn new(inner: B, deadline: Option<Deadline>) -> Self {
        Self { inner, deadline, sleep: None, has_ended: false }
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<HeaderMap> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.instant())));
        sleep.as_mut().poll(cx).map(|()| {
            self.has_ended = true;
            trailers(&Deadline::error().into())
        })
    }
}

/// A status as trailers.
pub fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(3);
    if status.add_header(&mut trailers).is_err() {
        // A text that cannot be a header; the code alone can.
        let code = Status::new(status.code(), "");
        let _ = code.add_header(&mut trailers);
    }
    trailers
}

impl<B: Body<Data = Bytes> + Unpin> Body for Timed<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame),
            Poll::Pending => self.poll_late(cx).map(|trailers| Some(Ok(Frame::trailers(trailers)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Outgoing> Outgoing for Timed<B> {
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        match self.inner.poll_stalled(cx, waiting) {
            Poll::Ready(trailers) => Poll::Ready(trailers),
            Poll::Pending => self.poll_late(cx),
        }
    }

    fn resumed(&mut self) {
        self.inner.resumed();
    }
}
