//! Bytes by hand, for what `h2` refuses to send.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Length, kind, flags and stream.
const HEAD: usize = 9;

const END_HEADERS: u8 = 4;

/// A TCP connection on which a test writes what it likes.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    buffer: BytesMut,
    answers: bool,
}

/// A frame of HTTP/2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0: the connection.
    pub stream: u32,
    /// What is in it.
    pub payload: Bytes,
}

impl Raw {
    /// A connection on which nothing was sent.
    pub async fn connect(address: &str) -> Self {
        let address: SocketAddr = address.parse().expect("an address");
        assert!(address.ip().is_loopback(), "{address} is not on loopback");
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: BytesMut::new(), answers: false }
    }

    /// A connection that begins as HTTP/2 does, and acknowledges settings and pings while it is read.
    pub async fn http2(address: &str) -> Self {
        let mut raw = Self { answers: true, ..Self::connect(address).await };
        raw.send(&[PREFACE, &Frame::new(Frame::SETTINGS, 0, 0, Bytes::new()).bytes()].concat()).await;
        raw
    }

    /// Acknowledges nothing any more.
    pub fn silent(&mut self) {
        self.answers = false;
    }

    /// Writes bytes. Whether the other side still takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Says that nothing more will be written, and still reads.
    pub async fn finish(mut self) -> Self {
        self.stream.shutdown().await.expect("an open socket");
        self
    }

    /// Everything until the other side closes, which must be an orderly end within this time.
    ///
    /// # Errors
    /// Says how else it ended, and what had come.
    pub async fn rest(&mut self, within: Duration) -> Result<Vec<u8>, String> {
        let mut bytes = self.buffer.to_vec();
        match tokio::time::timeout(within, self.stream.read_to_end(&mut bytes)).await {
            Ok(Ok(_)) => Ok(bytes),
            Ok(Err(error)) => Err(format!("{error} after {:?}", Bytes::from(bytes))),
            Err(_) => Err(format!("still open after {:?}", Bytes::from(bytes))),
        }
    }

    /// The next frame; `None` where the connection ended, or none came in time.
    pub async fn next(&mut self, within: Duration) -> Option<Frame> {
        let frame = tokio::time::timeout(within, self.read()).await.ok()??;
        if self.answers
            && frame.flags & Frame::ACK == 0
            && matches!(frame.kind, Frame::SETTINGS | Frame::PING)
        {
            let payload = if frame.kind == Frame::PING { frame.payload.clone() } else { Bytes::new() };
            self.send(&Frame::new(frame.kind, Frame::ACK, 0, payload).bytes()).await;
        }
        Some(frame)
    }

    async fn read(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = Frame::take(&mut self.buffer) {
                return Some(frame);
            }
            if self.stream.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }
}

impl Frame {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    /// The kind of a frame that takes a call back.
    pub const RST_STREAM: u8 = 3;
    /// The kind of a frame of settings.
    pub const SETTINGS: u8 = 4;
    /// The kind of a ping.
    pub const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    /// The flag of an acknowledgement.
    pub const ACK: u8 = 1;
    pub(crate) const END_STREAM: u8 = 1;

    /// A frame.
    pub fn new(kind: u8, flags: u8, stream: u32, payload: impl Into<Bytes>) -> Self {
        Self { kind, flags, stream, payload: payload.into() }
    }

    /// The headers of a gRPC call, none of them compressed.
    pub fn call(stream: u32, path: &str, more: &[(&str, &str)]) -> Self {
        let mut block = Vec::new();
        let own = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ];
        literals(&mut block, own.iter().chain(more));
        Self::new(Self::HEADERS, END_HEADERS, stream, block)
    }

    /// The headers of a gRPC answer whose body follows.
    pub fn answer(stream: u32) -> Self {
        // `:status: 200`, as it stands in HPACK's own table.
        let mut block = vec![0x88];
        literals(&mut block, &[("content-type", "application/grpc")]);
        Self::new(Self::HEADERS, END_HEADERS, stream, block)
    }

    /// The end of an answer.
    pub fn trailers(stream: u32, trailers: &[(&str, &str)]) -> Self {
        let mut block = Vec::new();
        literals(&mut block, trailers);
        Self::new(Self::HEADERS, END_HEADERS | Self::END_STREAM, stream, block)
    }

    /// A piece of a call's body.
    pub fn data(stream: u32, bytes: impl Into<Bytes>, ends: bool) -> Self {
        Self::new(Frame::DATA, if ends { Frame::END_STREAM } else { 0 }, stream, bytes)
    }

    /// Whether it holds headers or trailers.
    pub fn is_headers(&self) -> bool {
        self.kind == Frame::HEADERS
    }

    /// Whether it is a part of a body.
    pub fn is_data(&self) -> bool {
        self.kind == Frame::DATA
    }

    /// The reason of a GOAWAY.
    pub fn goes_away(&self) -> Option<h2::Reason> {
        let code = self.payload.get(4..8).filter(|_| self.kind == Self::GOAWAY)?;
        Some(u32::from_be_bytes(code.try_into().ok()?).into())
    }

    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).expect("a length").to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], self.kind, self.flags];
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    pub(crate) fn take(buffer: &mut BytesMut) -> Option<Self> {
        let head = buffer.get(..HEAD)?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes(head[5..].try_into().ok()?) & (u32::MAX >> 1);
        if buffer.len() < HEAD + length {
            return None;
        }
        buffer.advance(HEAD);
        Some(Self { kind, flags, stream, payload: buffer.split_to(length).freeze() })
    }
}

/// Headers as literals without indexing, with new names.
fn literals<'a>(block: &mut Vec<u8>, headers: impl IntoIterator<Item = &'a (&'a str, &'a str)>) {
    for (name, value) in headers {
        block.push(0);
        text(block, name);
        text(block, value);
    }
}

/// A text as HPACK has it: its length by 7 bits, and then by 7 more at a time.
fn text(block: &mut Vec<u8>, text: &str) {
    const FIRST: usize = 127;
    if text.len() < FIRST {
        block.push(u8::try_from(text.len()).expect("below 127"));
    } else {
        block.push(0x7f);
        let mut left = text.len() - FIRST;
        while left > FIRST {
            block.push(u8::try_from(left % 128).expect("below 128") | 0x80);
            left /= 128;
        }
        block.push(u8::try_from(left).expect("below 128"));
    }
    block.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_half_of_one_waits() {
        let frame = Frame::data(5, "abc", true);
        let bytes = frame.bytes();
        let mut buffer = BytesMut::from(&bytes[..bytes.len() - 1]);
        assert_eq!(Frame::take(&mut buffer), None);
        buffer.extend(&bytes[bytes.len() - 1..]);
        assert_eq!(Frame::take(&mut buffer), Some(frame));
        assert!(buffer.is_empty());
    }

    #[test]
    fn long_texts_have_lengths_of_several_bytes() {
        let mut block = Vec::new();
        text(&mut block, &"a".repeat(1_337 + 127));
        assert_eq!(block[..3], [0x7f, 0xb9, 0x0a], "RFC 7541, C.1.2, less the prefix");
    }
}
