//! A request body of one message. What it announces reserves nothing: its bytes are gathered as they arrive and handed on
//! once they are all there.
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use granary_rpc::{Error, Reason};
use http_body::{Body, Frame, SizeHint};
use tonic::Status;

use crate::encoding;

/// Flag and length in front of a message.
const PREFIX: usize = 5;
/// The flag of a message that is compressed.
const PACKED: u8 = 1;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request body that holds one message of a bounded size.
///
/// A message that announces more is refused at once, with `LIMIT_EXCEEDED`; a second message and one that is cut off are
/// invalid input. Until the announced bytes are there, at most twice what has arrived is held.
#[derive(Debug)]
pub struct Unary<B> {
    inner: B,
    limit: usize,
    /// Whether a message with the flag is gzip.
    is_gzip: bool,
    prefix: [u8; PREFIX],
    /// How many bytes of the prefix have arrived.
    prefixed: usize,
    announced: usize,
    gathered: Vec<u8>,
    next: Next,
}

/// What the next poll does.
#[derive(Debug)]
enum Next {
    Gather,
    /// Hands on the message that its prefix went before.
    HandOn(Bytes),
    /// Nothing but the end may follow.
    End,
    Failed,
}

impl<B> Unary<B> {
    /// A body whose message has at most this many bytes.
    pub fn new(inner: B, limit: usize) -> Self {
        Self {
            inner,
            limit,
            is_gzip: false,
            prefix: [0; PREFIX],
            prefixed: 0,
            announced: 0,
            gathered: Vec::new(),
            next: Next::Gather,
        }
    }

    /// The same, where the request's headers say that it is gzip: its message, once it is there, is inflated up to the limit.
    pub fn of_gzip(mut self, is_gzip: bool) -> Self {
        self.is_gzip = is_gzip;
        self
    }

    /// Takes what arrived; returns what can be handed on.
    fn take(&mut self, mut data: Bytes) -> Result<Option<Bytes>, Error> {
        if matches!(self.next, Next::End) {
            return if data.is_empty() { Ok(None) } else { Err(several()) };
        }
        if self.prefixed < PREFIX {
            let whole = data.clone();
            let taken = data.len().min(PREFIX - self.prefixed);
            data.split_to(taken).copy_to_slice(&mut self.prefix[self.prefixed..self.prefixed + taken]);
            self.prefixed += taken;
            if self.prefixed < PREFIX {
                return Ok(None);
            }
            self.announced = self.length()?;
            // Nearly every message arrives in one piece, and passes as it came.
            if taken == PREFIX && data.len() == self.announced && self.prefix[0] != PACKED {
                self.next = Next::End;
                return Ok(Some(whole));
            }
        }
        if data.len() > self.announced - self.gathered.len() {
            return Err(several());
        }
        self.gather(&data);
        if self.gathered.len() < self.announced {
            return Ok(None);
        }
        // Prefix and message go apart, so that the reader behind makes room for the message once.
        let mut message = Bytes::from(std::mem::take(&mut self.gathered));
        if self.prefix[0] == PACKED {
            message = encoding::inflate(&message, self.limit)?;
            let [flag, length @ ..] = &mut self.prefix;
            (*flag, *length) = (0, u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        self.next = Next::HandOn(message);
        Ok(Some(Bytes::copy_from_slice(&self.prefix)))
    }

    /// The length that the prefix announces.
    fn length(&self) -> Result<usize, Error> {
        let [flag, length @ ..] = self.prefix;
        if flag == PACKED && !self.is_gzip {
            let text = "the message is compressed, and grpc-encoding does not say how: it may be gzip";
            return Err(Error::new(Reason::InvalidInput, text));
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.limit {
            let text =
                format!("a message of {length} bytes is larger than the {} that are taken", self.limit);
            return Err(Error::new(Reason::LimitExceeded, text).with("subject", "message_bytes"));
        }
        Ok(length)
    }

    fn gather(&mut self, data: &[u8]) {
        let (held, room) = (self.gathered.len(), self.gathered.capacity());
        if held + data.len() > room {
            let wanted = (room * 2).min(self.announced).max(held + data.len());
            self.gathered.reserve_exact(wanted - held);
        }
        self.gathered.extend_from_slice(data);
    }

    /// Whether the body may end here.
    fn is_whole(&self) -> bool {
        matches!(self.next, Next::End | Next::Failed) || self.prefixed == 0
    }

    fn fail(&mut self, error: Error) -> Option<Result<Frame<Bytes>, BoxError>> {
        self.next = Next::Failed;
        self.gathered = Vec::new();
        Some(Err(Box::new(Status::from(error))))
    }
}

impl<B> Body for Unary<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.next, Next::End) {
                Next::HandOn(message) if !message.is_empty() => {
                    return Poll::Ready(Some(Ok(Frame::data(message))));
                }
                Next::HandOn(_) => {}
                Next::Failed => {
                    this.next = Next::Failed;
                    return Poll::Ready(None);
                }
                before => this.next = before,
            }
            return Poll::Ready(match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => match this.take(data) {
                        Ok(Some(data)) => Some(Ok(Frame::data(data))),
                        Ok(None) => continue,
                        Err(error) => this.fail(error),
                    },
                    Err(_) if !this.is_whole() => this.fail(cut_off()),
                    Err(trailers) => Some(Ok(trailers)),
                },
                Some(Err(error)) => Some(Err(error.into())),
                None if !this.is_whole() => this.fail(cut_off()),
                None => None,
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_whole() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn several() -> Error {
    Error::new(Reason::InvalidInput, "the request holds more than the one message that the method takes")
}

fn cut_off() -> Error {
    Error::new(Reason::InvalidInput, "the request's message is cut off")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use granary_rpc::error::reason_of;
    use http_body_util::BodyExt;

    use super::*;

    /// Frames that arrive one by one.
    struct Frames(VecDeque<Frame<Bytes>>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }

        fn is_end_stream(&self) -> bool {
            self.0.is_empty()
        }
    }

    fn body(parts: &[&[u8]], limit: usize) -> Unary<Frames> {
        let data = |part: &&[u8]| Frame::data(Bytes::copy_from_slice(part));
        Unary::new(Frames(parts.iter().map(data).collect()), limit)
    }

    fn message(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[0], length.as_slice(), text].concat()
    }

    async fn refused(parts: &[&[u8]], limit: usize) -> Reason {
        let error = body(parts, limit).collect().await.unwrap_err();
        reason_of(error.downcast_ref::<Status>().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_message_passes_however_it_is_cut() {
        for text in [&b""[..], b"x", b"hello, world", &[7; 1000]] {
            let sent = message(text);
            for piece in [1, 2, 3, 5, 7, 1000, 2000] {
                let parts: Vec<&[u8]> = sent.chunks(piece).flat_map(|part| [part, &[]]).collect();
                let body = body(&parts, 1000);
                assert!(!body.is_end_stream());
                let arrived = body.collect().await.unwrap().to_bytes();
                assert_eq!(arrived, sent, "{} bytes in pieces of {piece}", text.len());
            }
        }
        assert!(
            body(&[], 10).collect().await.unwrap().to_bytes().is_empty(),
            "no message is for others to refuse"
        );
    }

    #[tokio::test]
    async fn a_message_is_handed_on_once_it_is_there() {
        let sent = message(&[1; 100]);
        let mut body = body(&[&sent[..50], &sent[50..104]], 100);
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(reason_of(error.downcast_ref::<Status>().unwrap()), Some(Reason::InvalidInput), "cut off");
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn an_announced_length_reserves_nothing_and_one_above_the_limit_is_refused_at_once() {
        let mut body = body(&[&[0, 0, 64, 0, 0], &[0; 100]], 4 << 20);
        assert!(body.frame().await.unwrap().is_err(), "the rest never came");
        let mut waiting = Unary::new(Frames(VecDeque::new()), 4 << 20);
        assert!(waiting.take(Bytes::from_static(&[0, 0, 64, 0, 0])).unwrap().is_none());
        assert!(waiting.take(Bytes::from_static(&[0; 100])).unwrap().is_none());
        assert!(waiting.gathered.capacity() <= 200, "{}", waiting.gathered.capacity());

        assert_eq!(refused(&[&[0, 255, 255, 255, 255]], 4 << 20).await, Reason::LimitExceeded);
        assert_eq!(refused(&[&[0], &[0, 0], &[0, 11]], 10).await, Reason::LimitExceeded);
    }

    #[tokio::test]
    async fn a_second_message_is_refused() {
        let one = message(b"one");
        let two = [one.clone(), message(b"two")].concat();
        assert_eq!(refused(&[&two], 10).await, Reason::InvalidInput);
        assert_eq!(refused(&[&one, &one], 10).await, Reason::InvalidInput);
        assert_eq!(refused(&[&two[..2], &two[2..12], &two[12..]], 10).await, Reason::InvalidInput);
        assert_eq!(refused(&[&one, &[0]], 10).await, Reason::InvalidInput);
    }

    #[tokio::test]
    async fn a_service_answers_with_the_reason_why_a_message_was_refused() {
        use tower::Service;
        let (_health, mut service) = crate::health::Health::new(&[]).await;
        let one = message(b"");
        for (parts, reason) in [
            (&[&one[..]][..], None),
            (&[&[0, 255, 255, 255, 255][..]], Some(Reason::LimitExceeded)),
            (&[&one, &one], Some(Reason::InvalidInput)),
            (&[&[0, 0, 0, 0, 3, 10]], Some(Reason::InvalidInput)),
        ] {
            let body = tonic::body::Body::new(body(parts, 100));
            let request = http::Request::post("/grpc.health.v1.Health/Check").body(body).unwrap();
            let answer = service.call(request).await.unwrap();
            let status = Status::from_header_map(answer.headers());
            assert_eq!(status.as_ref().and_then(reason_of), reason, "{status:?}");
        }
    }

    #[tokio::test]
    async fn trailers_pass_behind_a_whole_message_only() {
        let trailers = || Frame::trailers(http::HeaderMap::new());
        let whole = Frames(VecDeque::from([Frame::data(Bytes::from(message(b"x"))), trailers()]));
        let collected = Unary::new(whole, 10).collect().await.unwrap();
        assert!(collected.trailers().is_some());
        let cut = Frames(VecDeque::from([Frame::data(Bytes::from_static(&[0, 0])), trailers()]));
        assert!(Unary::new(cut, 10).collect().await.is_err());
    }
}
