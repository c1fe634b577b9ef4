//! An answer whose large messages go out as gzip. A message is compressed while it arrives, so that no thread stops for one.
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http_body::{Body, Frame};

use super::send_body::Outgoing;

/// Flag and length in front of a message.
const PREFIX: usize = 5;

/// A body whose messages above a size are compressed; or one that passes as it is.
#[derive(Debug)]
pub(super) struct Packing<B> {
    body: B,
    above: Option<usize>,
    /// Of a prefix that arrived in pieces.
    prefix: BytesMut,
    /// Bytes of the message that are still to come.
    left: usize,
    /// Boxed, since few bodies need one, and each is handed on.
    encoder: Option<Box<GzEncoder<Vec<u8>>>>,
}

impl<B> Packing<B> {
    /// Messages above so many bytes; `None`: no message.
    pub(super) fn new(body: B, above: Option<usize>) -> Self {
        Self { body, above, prefix: BytesMut::new(), left: 0, encoder: None }
    }

    /// What of the messages can go out after this data.
    fn take(&mut self, mut data: Bytes, above: usize) -> std::io::Result<Bytes> {
        let mut out = BytesMut::new();
        while !data.is_empty() {
            if self.left == 0 {
                let missing = PREFIX - self.prefix.len();
                self.prefix.put(data.split_to(missing.min(data.len())));
                if self.prefix.len() < PREFIX {
                    break;
                }
                let mut prefix = self.prefix.split();
                let flag = prefix[0];
                self.left = usize::try_from((&prefix[1..]).get_u32()).unwrap_or(usize::MAX);
                if flag == 0 && self.left > above {
                    self.encoder = Some(Box::new(GzEncoder::new(Vec::new(), Compression::fast())));
                } else {
                    out.put(prefix.split());
                }
            }
            let part = data.split_to(self.left.min(data.len()));
            self.left -= part.len();
            match &mut self.encoder {
                None => out.put(part),
                Some(encoder) => encoder.write_all(&part)?,
            }
            if self.left == 0
                && let Some(encoder) = self.encoder.take()
            {
                let packed = encoder.finish()?;
                out.put_u8(1);
                out.put_u32(u32::try_from(packed.len()).unwrap_or(u32::MAX));
                out.put(packed.as_slice());
            }
        }
        Ok(out.freeze())
    }
}

impl<B> Body for Packing<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            let frame = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            };
            let Some(above) = this.above else { return Poll::Ready(Some(Ok(frame))) };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            };
            match this.take(data, above) {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

impl<B> Outgoing for Packing<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        self.body.poll_stalled(cx, waiting)
    }

    fn resumed(&mut self) {
        self.body.resumed();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    fn frame(message: &[u8]) -> Vec<u8> {
        [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
    }

    /// The messages of a stream, inflated where their flag says so, and which of them it says so of.
    fn messages(mut stream: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let mut messages = Vec::new();
        while !stream.is_empty() {
            let length = usize::try_from((&stream[1..]).get_u32()).unwrap();
            let (message, rest) = stream[PREFIX..].split_at(length);
            let mut whole = Vec::new();
            match stream[0] {
                0 => whole.extend_from_slice(message),
                _ => drop(GzDecoder::new(message).read_to_end(&mut whole).unwrap()),
            }
            messages.push((whole, stream[0] == 1));
            stream = rest;
        }
        messages
    }

    proptest! {
        #[test]
        fn messages_come_whole_however_they_are_cut_and_large_ones_packed(
            sizes in prop::collection::vec(0_usize..3_000, 1..5),
            cuts in prop::collection::vec(1_usize..900, 1..40),
        ) {
            let sent: Vec<Vec<u8>> = sizes.iter().map(|size| vec![u8::try_from(size % 7).unwrap(); *size]).collect();
            let mut stream = Bytes::from(sent.iter().flat_map(|message| frame(message)).collect::<Vec<u8>>());
            let mut packing = Packing::new((), Some(1_000));
            let (mut out, mut cut) = (Vec::new(), cuts.iter().cycle());
            while !stream.is_empty() {
                let part = stream.split_to((*cut.next().unwrap()).min(stream.len()));
                out.extend_from_slice(&packing.take(part, 1_000).unwrap());
            }
            let expected: Vec<_> = sent.into_iter().map(|message| { let large = message.len() > 1_000; (message, large) }).collect();
            prop_assert_eq!(messages(&out), expected);
        }
    }
}
