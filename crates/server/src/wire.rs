//! HTTP/2 streams as bodies. There is no task between a stream and its body: whoever polls the one moves the other.
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::{Ping, PingPong, Reason, RecvStream, SendStream};
use http_body::{Body, Frame};

use crate::gather::Heard;

#[cfg(test)]
mod tests;

/// A body as it arrives. Dropped before its end, with whatever else holds its stream, it ends the call.
#[derive(Debug)]
pub struct Incoming {
    stream: RecvStream,
    data_ended: bool,
}

/// Sends a body. It is done when nothing is left to send, or nobody takes it any more.
#[derive(Debug)]
pub(crate) struct Sending<B> {
    body: B,
    stream: SendStream<Bytes>,
    /// What the other side has no room for yet.
    waiting: Option<Bytes>,
}

impl Incoming {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, data_ended: false }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if !self.data_ended {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // It fails only where the stream has ended, and then nobody needs the room.
                    let _ = self.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(unless_early(error)),
                None => self.data_ended = true,
            }
        }
        Poll::Ready(match ready!(self.stream.poll_trailers(cx)) {
            Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Err(error) => unless_early(error),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}

/// A server that has answered in full may turn down the rest of a request in this way, which is no error.
fn unless_early<T>(error: h2::Error) -> Option<Result<T, h2::Error>> {
    (error.reason() != Some(Reason::NO_ERROR)).then_some(Err(error))
}

impl<B> Sending<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(crate) fn new(body: B, stream: SendStream<Bytes>) -> Self {
        Self { body, stream, waiting: None }
    }

    /// Sends what waits, once there is room.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let Some(data) = self.waiting.take() else { return Poll::Ready(Ok(())) };
        while self.stream.capacity() == 0 {
            match self.stream.poll_capacity(cx) {
                Poll::Pending => {
                    self.waiting = Some(data);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Err(Reason::CANCEL.into())),
            }
        }
        Poll::Ready(self.stream.send_data(data, false))
    }

    /// Ready with what ended it.
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            ready!(self.poll_waiting(cx))?;
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                // The other side may take the call back while there is nothing to send.
                Poll::Pending => return self.stream.poll_reset(cx).map_ok(|_| ()),
            };
            return Poll::Ready(match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    // The last of a body need not wait for room: nothing follows that could pile up.
                    Ok(data) if self.body.is_end_stream() => self.stream.send_data(data, true),
                    Ok(data) => {
                        // Asked for with the data in hand: a body that stalls must not hold the connection's room.
                        self.stream.reserve_capacity(1);
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

impl<B> Future for Sending<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // An error says that the other side has ended the stream, which it knows.
        self.poll_all(cx).map(|_| ())
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

/// Returns when the other side has said nothing for `interval`, and then nothing for `patience` though it was asked. A pong
/// may stand behind data that takes long to arrive; whatever is heard counts.
pub(crate) async fn silence(mut pings: PingPong, heard: Heard, interval: Duration, patience: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        if heard.take() {
            continue;
        }
        if pings.send_ping(Ping::opaque()).is_err() {
            return;
        }
        loop {
            match tokio::time::timeout(patience, poll_fn(|cx| pings.poll_pong(cx))).await {
                Ok(Ok(_)) => break,
                Err(_) if heard.take() => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }
}
