//! A request that the gateway gathers whole: what has arrived of it is held for its tenant until its end is there.
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_rpc::{Deadline, Error, Reason};
use granary_server::Unary;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tonic::Status;

use crate::admit::Admitted;
use crate::body::{BoxError, Limited};
use crate::held::{Held, Stall};

/// Bytes of one request that are not counted: nearly every one has fewer, and is there at once.
const FREE: usize = 64 * 1024;

/// A request body that counts what has arrived, until its end.
#[derive(Debug)]
pub(crate) struct Arriving {
    inner: Limited,
    held: Arc<Held>,
    caller: Admitted,
    bytes: usize,
    stall: Option<Stall>,
}

impl Arriving {
    pub(crate) fn new(inner: Limited, held: Arc<Held>, caller: Admitted) -> Self {
        Self { inner, held, caller, bytes: 0, stall: None }
    }

    fn count(&mut self, arrived: usize) {
        self.bytes += arrived;
        if self.inner.is_end_stream() {
            self.stall = None;
        } else if self.bytes > FREE {
            let stalled = || self.held.stalled(&self.caller.principal().tenant);
            self.stall.get_or_insert_with(stalled).holds(self.bytes);
        }
    }
}

/// The whole of a request as it was framed, within the call's deadline.
pub(crate) async fn gather(mut body: Unary<Arriving>, deadline: Deadline) -> Result<Bytes, Status> {
    let gathered = async {
        let mut whole = Bytes::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(status)?.into_data() else { continue };
            whole = if whole.is_empty() { data } else { [whole, data].concat().into() };
        }
        Ok(whole)
    };
    tokio::time::timeout_at(deadline.instant(), gathered)
        .await
        .unwrap_or_else(|_| Err(Deadline::error().into()))
}

/// A caller that takes its request back, or is gone, has sent a part of it.
fn status(error: BoxError) -> Status {
    error
        .downcast::<Status>()
        .map_or_else(|_| Error::new(Reason::InvalidInput, "the request is cut off").into(), |status| *status)
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(Poll::Ready(status)) = this.stall.as_ref().map(|stall| stall.poll_ended(cx)) {
            this.stall = None;
            return Poll::Ready(Some(Err(Box::new(status))));
        }
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => this.count(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(_)) | None => this.stall = None,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
