//! The bodies of requests: frames untouched, bytes counted, and kept for as long as they may have to be sent again.
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_rpc::{Error, Reason};
use granary_server::Incoming;
use http_body::{Frame, SizeHint};
use http_body_util::Full;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a request that are kept to be sent again. A larger one is sent once.
const MAX_KEPT: usize = 64 * 1024;

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

/// Where a request's body comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The caller's frames.
    Caller(Limited),
    /// One message of the gateway's own.
    Own(Full<Bytes>),
}

/// A request body on its way to a service.
#[derive(Debug)]
pub(crate) struct Outbound {
    source: Source,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// How many of those that are kept were sent on this attempt.
    sent: usize,
    is_lost: bool,
}

impl Outbound {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, kept: Vec::new(), kept_bytes: 0, sent: 0, is_lost: false }
    }

    /// No request.
    pub(crate) fn none() -> Self {
        Self::new(Source::Own(Full::default()))
    }

    /// What tells afterwards whether the caller sent too much.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        match &self.source {
            Source::Caller(body) => Some(body.exceeded.clone()),
            Source::Own(_) => None,
        }
    }

    /// Begins again, where all of it is still there.
    pub(crate) fn rewind(&mut self) -> bool {
        self.sent = 0;
        !self.is_lost
    }

    fn keep(&mut self, data: &Bytes) {
        if self.is_lost {
            return;
        }
        self.kept_bytes += data.len();
        if self.kept_bytes > MAX_KEPT {
            self.is_lost = true;
            self.kept = Vec::new();
            self.sent = 0;
        } else {
            self.kept.push(data.clone());
            self.sent = self.kept.len();
        }
    }
}

impl http_body::Body for Outbound {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(data) = this.kept.get(this.sent) {
            let data = data.clone();
            this.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let frame = ready!(match &mut this.source {
            Source::Caller(body) => Pin::new(body).poll_frame(cx),
            Source::Own(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
        });
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.keep(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.sent == self.kept.len()
            && match &self.source {
                Source::Caller(body) => body.is_end_stream(),
                Source::Own(body) => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Caller(body) => body.size_hint(),
            Source::Own(body) => body.size_hint(),
        }
    }
}

impl granary_server::Outgoing for Outbound {}

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

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::BodyExt;

    use super::*;

    async fn read(body: &mut Outbound) -> Bytes {
        let mut all = Vec::new();
        while let Some(frame) = body.frame().await {
            all.extend_from_slice(frame.unwrap().data_ref().unwrap());
        }
        all.into()
    }

    #[tokio::test]
    async fn a_small_request_can_be_sent_again_and_a_large_one_cannot() {
        let message = Bytes::from(vec![7; MAX_KEPT]);
        let mut body = Outbound::new(Source::Own(Full::new(message.clone())));
        assert_eq!(read(&mut body).await, message);
        assert!(body.is_end_stream());
        assert!(body.rewind());
        assert!(!body.is_end_stream());
        assert_eq!(read(&mut body).await, message);
        let mut body = Outbound::new(Source::Own(Full::new(Bytes::from(vec![7; MAX_KEPT + 1]))));
        assert_eq!(read(&mut body).await.len(), MAX_KEPT + 1);
        assert!(!body.rewind());
    }
}
