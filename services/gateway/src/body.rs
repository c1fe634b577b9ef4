//! The bodies of requests: bytes counted as they arrive, and kept for as long as they may have to be sent again.
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_rpc::{Error, Reason};
use granary_server::Incoming;
use http_body::{Frame, SizeHint};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a request that are kept to be sent again. A larger one is sent once.
const MAX_KEPT: usize = 64 * 1024;

/// A caller's request body, up to a limit.
#[derive(Debug)]
pub(crate) struct Limited {
    inner: Incoming,
    left: usize,
}

/// A request on its way to a service: one message, whole. Nothing is sent of one that has not arrived, so that no place at a
/// service waits for a caller.
#[derive(Debug)]
pub(crate) struct Outbound {
    message: Option<Bytes>,
    /// The same once more, where it is small enough to be kept.
    kept: Option<Bytes>,
}

impl Outbound {
    pub(crate) fn new(message: Bytes) -> Self {
        let kept = (message.len() <= MAX_KEPT).then(|| message.clone());
        Self { message: Some(message), kept }
    }

    /// No request.
    pub(crate) fn none() -> Self {
        Self { message: None, kept: None }
    }

    /// Begins again, where it is still there.
    pub(crate) fn rewind(&mut self) -> bool {
        self.message.clone_from(&self.kept);
        self.message.is_some()
    }
}

impl http_body::Body for Outbound {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.message.take().map(|message| Ok(Frame::data(message))))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.message.as_ref().map_or(0, Bytes::len) as u64)
    }
}

impl granary_server::Outgoing for Outbound {}

/// The refusal of a request that is too large.
fn exceeded() -> Error {
    Error::new(Reason::LimitExceeded, "the message is larger than the gateway accepts")
        .with("subject", "message_bytes")
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
                    None => Some(Err(Box::new(tonic::Status::from(exceeded())))),
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
    use http_body_util::BodyExt;

    use super::*;

    async fn read(body: &mut Outbound) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_small_request_can_be_sent_again_and_a_large_one_cannot() {
        let message = Bytes::from(vec![7; MAX_KEPT]);
        let mut body = Outbound::new(message.clone());
        assert_eq!(read(&mut body).await, message);
        assert!(body.rewind());
        assert_eq!(read(&mut body).await, message);
        let mut body = Outbound::new(Bytes::from(vec![7; MAX_KEPT + 1]));
        assert_eq!(read(&mut body).await.len(), MAX_KEPT + 1);
        assert!(!body.rewind());
        // A message may be empty, and be sent again all the same.
        let mut body = Outbound::new(Bytes::new());
        assert!(read(&mut body).await.is_empty() && body.rewind());
    }
}
