//! Callers that keep no promise: HTTP/2 over `h2`, and bytes by hand where `h2` would not send them.
//!
//! They call loopback alone, and whoever uses them says how often and for how long.
mod call;
mod connection;
mod raw;

use std::io;
use std::net::IpAddr;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

pub use call::{Call, Ended, How};
pub use connection::Connection;
pub use raw::{Frame, Raw};

/// One message of no bytes: a flag, and a length of 0.
pub const EMPTY: &[u8] = &[0; 5];
/// The prefix of a message of 4 GiB that never comes.
pub const ENDLESS: &[u8] = &[0, 0xff, 0xff, 0xff, 0xff];

/// Where a hostile caller calls, and with what. Each change makes another caller.
#[derive(Clone, Debug)]
pub struct Hostile {
    address: String,
    from: Option<IpAddr>,
    method: Method,
    headers: HeaderMap,
    window: Option<u32>,
}

impl Hostile {
    /// A caller without an API key.
    pub fn new(address: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
        headers.insert("te", HeaderValue::from_static("trailers"));
        Self { address: address.to_owned(), from: None, method: Method::POST, headers, window: None }
    }

    /// With an API key.
    pub fn with_key(self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    /// As an account.
    pub fn with_account(self, identifier: &str) -> Self {
        self.with("granary-account", identifier)
    }

    /// With a deadline, in the form of `grpc-timeout`.
    pub fn with_timeout(self, timeout: &str) -> Self {
        self.with("grpc-timeout", timeout)
    }

    /// With one header more, be it there already or not.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers.append(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With another HTTP method than POST.
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// At another address.
    pub fn at(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// From another address of loopback.
    pub fn from(mut self, ip: IpAddr) -> Self {
        self.from = Some(ip);
        self
    }

    /// With windows of so many bytes that it never opens again: of an answer that is larger, the rest stays unread.
    pub fn with_window(mut self, bytes: u32) -> Self {
        self.window = Some(bytes);
        self
    }

    /// With headers of so many bytes more, in values of 4,000 bytes each.
    pub fn with_large_headers(mut self, bytes: usize) -> Self {
        for number in 0..bytes / 4_000 {
            // A letter that takes a byte in HPACK too.
            self = self.with(&format!("x-large-{number}"), &"X".repeat(4_000 - 42));
        }
        self
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Connection {
        self.try_connect().await.unwrap_or_else(|e| panic!("cannot connect to {}: {e}", self.address))
    }

    /// Opens a connection where the other side takes one.
    ///
    /// # Errors
    /// Where it is refused, or takes too long.
    pub async fn try_connect(&self) -> io::Result<Connection> {
        Connection::open(self.clone()).await
    }
}

/// A message as one uncompressed gRPC frame.
pub fn frame(message: &impl prost::Message) -> Bytes {
    frame_of(&message.encode_to_vec())
}

/// Bytes as one uncompressed gRPC frame.
pub fn frame_of(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(EMPTY.len() + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("a message below 4 GiB"));
    frame.put_slice(message);
    frame.freeze()
}

/// The start of a message of so many bytes, of which the last never comes.
pub fn unfinished(bytes: usize) -> Bytes {
    let whole = frame_of(&vec![0; bytes]);
    whole.slice(..whole.len() - 1)
}

/// An object of so many keys that no tool has, 69 bytes each, as JSON.
pub fn unknown_keys(count: usize) -> String {
    let mut text = String::from("{");
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        // Letters that differ, so that none is near to any field.
        let word: String = (0..58)
            .map(|n| char::from(b"abcdefghijklmnopqrstuvwxyz"[(number * 7 + n * n * 11) % 26]))
            .collect();
        text.push_str(&format!("{comma}\"{word}{number:06}\":0"));
    }
    text + "}"
}
