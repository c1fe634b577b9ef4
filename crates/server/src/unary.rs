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
    Coalesce,
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
            next: Next::Coalesce,
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
mod tests;
