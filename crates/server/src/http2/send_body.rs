//! Sends a body on an HTTP/2 stream, never more than the other side takes.
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http::HeaderMap;
use http_body::Body;

/// The last of a body need not wait for room where it is not longer than this: nothing follows that could pile up.
const MAX_UNWAITED: usize = 16 * 1024;

/// A body that is told when the other side does not take it.
pub trait Outgoing: Body<Data = Bytes> + Unpin {
    /// Asks what becomes of the call while the other side takes nothing, with `waiting` bytes in hand. Ready: the call ends
    /// now, with these trailers.
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        let _ = (cx, waiting);
        Poll::Pending
    }

    /// Tells that the other side takes data again.
    fn resumed(&mut self) {}
}

impl<B: Outgoing> Outgoing for Box<B> {
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        (**self).poll_stalled(cx, waiting)
    }

    fn resumed(&mut self) {
        (**self).resumed();
    }
}
impl Outgoing for super::Incoming {}
impl Outgoing for http_body_util::Full<Bytes> {}
impl Outgoing for tonic::body::Body {}

/// Sends a body. It is done when nothing is left to send, or nobody takes it any more.
#[derive(Debug)]
pub(super) struct SendBody<B> {
    body: B,
    stream: SendStream<Bytes>,
    /// What the other side has no room for yet.
    waiting: Option<Bytes>,
    is_stalled: bool,
    is_done: bool,
    is_taken_back: bool,
}

impl<B> SendBody<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(body: B, stream: SendStream<Bytes>) -> Self {
        Self { body, stream, waiting: None, is_stalled: false, is_done: false, is_taken_back: false }
    }

    /// Whether the other side took the call back before all was sent.
    pub(super) fn is_taken_back(&self) -> bool {
        self.is_taken_back
    }

    /// The body, for a second attempt.
    pub(super) fn into_body(self) -> B {
        self.body
    }

    /// Sends what waits, as there is room. Ready with true: the call has ended meanwhile.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, h2::Error>> {
        while let Some(mut data) = self.waiting.take() {
            let room = self.stream.capacity();
            if room >= data.len() {
                self.stream.send_data(data, false)?;
                if std::mem::take(&mut self.is_stalled) {
                    self.body.resumed();
                }
                break;
            }
            if room > 0 {
                self.stream.send_data(data.split_to(room), false)?;
                self.stream.reserve_capacity(data.len());
                self.waiting = Some(data);
                continue;
            }
            match self.stream.poll_capacity(cx) {
                Poll::Pending => {
                    self.is_stalled = true;
                    let ended = self.body.poll_stalled(cx, data.len());
                    self.waiting = Some(data);
                    let trailers = ready!(ended);
                    // What was sent is within what the other side takes, so these need no room.
                    return Poll::Ready(self.stream.send_trailers(trailers).map(|()| true));
                }
                Poll::Ready(Some(Ok(_))) => self.waiting = Some(data),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Err(Reason::CANCEL.into())),
            }
        }
        Poll::Ready(Ok(false))
    }

    /// Ready with what ended it.
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            if ready!(self.poll_waiting(cx))? {
                return Poll::Ready(Ok(()));
            }
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                // The other side may take the call back while there is nothing to send.
                Poll::Pending => {
                    let reset = ready!(self.stream.poll_reset(cx));
                    self.is_taken_back = true;
                    return Poll::Ready(reset.map(|_| ()));
                }
            };
            return Poll::Ready(match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.len() <= MAX_UNWAITED && self.body.is_end_stream() => {
                        self.stream.send_data(data, true)
                    }
                    // An empty frame carries nothing, and a peer counts a hundred of them as an attack.
                    Ok(data) if data.is_empty() => continue,
                    Ok(data) => {
                        // Asked for with the data in hand: a body that stalls must not hold the connection's room.
                        self.stream.reserve_capacity(data.len());
                        self.waiting = Some(data);
                        continue;
                    }
                    Err(frame) => frame.into_trailers().map_or(Ok(()), |t| self.stream.send_trailers(t)),
                },
                Some(Err(error)) => {
                    self.stream.send_reset(reason(error.into().as_ref()));
                    Ok(())
                }
                None => self.stream.send_data(Bytes::new(), true),
            });
        }
    }
}

impl<B> Future for SendBody<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_done {
            // An error says that the other side has ended the stream, which it knows.
            self.is_taken_back |= ready!(self.poll_all(cx)).is_err();
            self.is_done = true;
        }
        Poll::Ready(())
    }
}

/// What a body's error is to the other side: that of the stream which it came from, where it came from one.
fn reason(error: &(dyn Error + 'static)) -> Reason {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(reason) = error.downcast_ref::<h2::Error>().and_then(h2::Error::reason) {
            return reason;
        }
        next = error.source();
    }
    Reason::INTERNAL_ERROR
}
