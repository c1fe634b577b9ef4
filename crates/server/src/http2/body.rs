//! An HTTP/2 stream as a body. There is no task between a stream and its body: whoever polls the one moves the other.
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, RecvStream};
use http_body::{Body, Frame};

/// Body of a request or an answer. Dropping the last handle of an unfinished stream resets it (CANCEL).
#[derive(Debug)]
pub struct Incoming {
    stream: RecvStream,
    data_ended: bool,
}

impl Incoming {
    pub(super) fn new(stream: RecvStream) -> Self {
        Self { stream, data_ended: false }
    }

    /// Bytes that have arrived and were not read.
    pub fn unread(&mut self) -> usize {
        self.stream.flow_control().used_capacity()
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let this = &mut *self;
        let stream = &mut this.stream;
        if !this.data_ended {
            match ready!(stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // It fails only where the stream has ended, and then nobody needs the room.
                    let _ = stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(unless_early(error)),
                None => this.data_ended = true,
            }
        }
        Poll::Ready(match ready!(stream.poll_trailers(cx)) {
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
