//! The body of an answer, whole or broken on purpose.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::reply::Reply;

/// What is sent of an answer.
pub(crate) enum AnswerBody {
    /// The bytes as they are.
    Whole(Option<Bytes>),
    /// Fewer bytes than were declared, then a broken connection.
    Cut { declared: u64, first: Option<Bytes>, pause: Pin<Box<Sleep>> },
    /// That many bytes of padding within a JSON text.
    Huge { head: Option<Bytes>, left: u64 },
}

const CHUNK: &[u8; 65536] = &[b'a'; 65536];
const HUGE_HEAD: &[u8] = b"{\"padding\":\"";
const HUGE_TAIL: &[u8] = b"\"}";

impl AnswerBody {
    pub(crate) fn whole(reply: Reply) -> Response<Self> {
        let body = Self::Whole(Some(reply.body.clone()));
        respond(reply, body)
    }

    pub(crate) fn cut(reply: Reply) -> Response<Self> {
        let half = reply.body.slice(..reply.body.len() / 2);
        // Also an empty body breaks off before its end.
        let declared = reply.body.len().max(1) as u64;
        // hyper flushes what it has while the body makes it wait; failing at once would lose the first half.
        let body =
            Self::Cut { declared, first: Some(half), pause: Box::pin(sleep(Duration::from_millis(30))) };
        respond(reply, body)
    }

    pub(crate) fn huge(reply: Reply, bytes: u64) -> Response<Self> {
        let frame = (HUGE_HEAD.len() + HUGE_TAIL.len()) as u64;
        let body = Self::Huge {
            head: Some(Bytes::from_static(HUGE_HEAD)),
            left: bytes.max(frame) - HUGE_HEAD.len() as u64,
        };
        respond(reply, body)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                let body = body.take().filter(|body| !body.is_empty());
                Poll::Ready(body.map(|body| Ok(Frame::data(body))))
            }
            Self::Cut { first, pause, .. } => match first.take().filter(|half| !half.is_empty()) {
                Some(half) => Poll::Ready(Some(Ok(Frame::data(half)))),
                None => pause.as_mut().poll(cx).map(|()| Some(Err(io::Error::other("cut on purpose")))),
            },
            Self::Huge { head, left } => {
                if let Some(head) = head.take() {
                    return Poll::Ready(Some(Ok(Frame::data(head))));
                }
                let tail = HUGE_TAIL.len() as u64;
                let chunk = match *left {
                    0 => return Poll::Ready(None),
                    left if left == tail => Bytes::from_static(HUGE_TAIL),
                    left => {
                        let size = usize::try_from(left - tail).unwrap_or(usize::MAX).min(CHUNK.len());
                        Bytes::from_static(&CHUNK[..size])
                    }
                };
                *left -= chunk.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Self::Cut { .. } => false,
            Self::Huge { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Cut { declared, .. } => SizeHint::with_exact(*declared),
            Self::Huge { .. } => SizeHint::default(),
        }
    }
}

fn respond(reply: Reply, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value);
    }
    if let AnswerBody::Cut { declared, .. } = response.body() {
        let declared = HeaderValue::from(*declared);
        response.headers_mut().insert(header::CONTENT_LENGTH, declared);
    }
    response
}
