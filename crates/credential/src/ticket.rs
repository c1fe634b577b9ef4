//! Tickets: the credentials of one account, sealed for one service, short-lived.
//!
//! `"GT2" · header length (u16, big endian) · header · nonce (24) · XChaCha20-Poly1305(credentials)`. Everything before
//! the nonce is the associated data, byte for byte as sent, so that a flipped bit anywhere is refused.
//!
//! Format 1, `"GT1"`, says nothing of scope, effect and exposure. Receivers take both, for as long as an upgrade lasts; which one
//! is sealed is the issuer's setting.
mod open;

use std::time::Duration;

use granary_proto::granary::policy::v1::{Effect, Exposure, Scope};
use granary_proto::{Method, Rights};
use prost::Message;
use zeroize::Zeroizing;

use crate::{Credential, Key, aead};

pub use open::{Expected, Refused, open};

/// How long a ticket lives.
pub const TICKET_TTL: Duration = Duration::from_secs(60);
/// What a ticket begins with, by its format.
pub(crate) const MAGIC: [&[u8; 3]; 2] = [b"GT1", b"GT2"];

/// The keys of one service: the first seals, all of them open. At most a handful, during a rotation.
#[derive(Clone, Debug)]
pub struct Keyring(Vec<(String, Key)>);

/// How a ticket is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Without scope, effect and exposure.
    One,
    /// With them.
    #[default]
    Two,
}

impl Format {
    /// The format of a number.
    pub fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }
    }
}

/// What stands in the clear on a ticket, and is authenticated.
#[derive(Clone, PartialEq, Message)]
pub struct Header {
    /// The id of the key it is sealed with.
    #[prost(string, tag = "1")]
    pub key_id: String,
    /// 16 random bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub ticket_id: Vec<u8>,
    /// The process that it is sealed for.
    #[prost(string, tag = "3")]
    pub audience: String,
    /// The tenant.
    #[prost(string, tag = "4")]
    pub tenant: String,
    /// The account's identifier.
    #[prost(string, tag = "5")]
    pub account: String,
    /// The account's incarnation, 16 random bytes.
    #[prost(bytes = "vec", tag = "6")]
    pub incarnation: Vec<u8>,
    /// What lies inside.
    #[prost(message, repeated, tag = "7")]
    pub contents: Vec<Content>,
    /// When it was issued, in milliseconds since 1970.
    #[prost(uint64, tag = "8")]
    pub issued_ms: u64,
    /// When it ends, in milliseconds since 1970.
    #[prost(uint64, tag = "9")]
    pub expires_ms: u64,
    /// Whether it is for a probe. It alone may hold an expired value, and opens for nothing else.
    #[prost(bool, tag = "10")]
    pub probe: bool,
    /// The kinds inside that the vendor has not been seen to take since they were put.
    #[prost(enumeration = "crate::Kind", repeated, tag = "11")]
    pub unproven: Vec<i32>,
    /// The id of the API key whose caller it was issued to.
    #[prost(string, tag = "12")]
    pub api_key_id: String,
    /// The scope of the methods it is for; of format 2, as what follows.
    #[prost(enumeration = "Scope", tag = "13")]
    pub scope: i32,
    /// Their effect.
    #[prost(enumeration = "Effect", tag = "14")]
    pub effect: i32,
    /// Where they are reachable.
    #[prost(enumeration = "Exposure", tag = "15")]
    pub exposure: i32,
    /// The name of the cap that calls with it are under; empty: none but the caller's own.
    #[prost(string, tag = "16")]
    pub cap: String,
    /// The names of the budgets that calls with it draw on.
    #[prost(string, repeated, tag = "17")]
    pub budgets: Vec<String>,
}

impl Header {
    /// What the policy says of the tickets of a method; whose it is, and for which account, is filled in by the issuer.
    pub fn of(method: &Method) -> Self {
        let mut header = Self { audience: method.process.clone(), ..Self::default() };
        header.allow(method.rights());
        header
    }

    /// Fills in what may be done with it.
    pub fn allow(&mut self, rights: Rights) {
        self.probe = rights.exposure == Exposure::Internal;
        self.set_scope(rights.scope);
        self.set_effect(rights.effect);
        self.set_exposure(rights.exposure);
    }
}

/// One credential inside a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Content {
    /// Its kind.
    #[prost(enumeration = "crate::Kind", tag = "1")]
    pub kind: i32,
    /// Its version.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// The sealed part.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sealed {
    /// The values, in the order of the header's contents.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(crate) values: Vec<Vec<u8>>,
}

impl Keyring {
    /// A ring whose first key seals.
    pub fn new(keys: Vec<(String, Key)>) -> Self {
        Self(keys)
    }

    /// A ring of one key, whose id is taken from the key itself.
    pub fn single(key: Key) -> Self {
        let id = data_encoding::HEXLOWER.encode(&crate::fingerprint::sha256(key.expose())[..4]);
        Self(vec![(id, key)])
    }

    /// Reads a ring from its file: one base64 key a line, the first being the one that seals; `#` starts a comment.
    ///
    /// # Errors
    /// Says which line is no key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let key = Key::from_base64(line)
                .ok_or_else(|| format!("line {} is not 32 bytes in base64", number + 1))?;
            keys.extend(Self::single(key).0);
        }
        if keys.is_empty() { Err("it holds no key".to_owned()) } else { Ok(Self(keys)) }
    }

    pub(crate) fn sealing(&self) -> Option<&(String, Key)> {
        self.0.first()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|(i, _)| i == id).map(|(_, key)| key)
    }
}

/// Seals credentials, none of them for a method that acts without; key id, contents and times of the header are filled in here.
/// `None`: the ring is empty or the header is too long.
pub fn seal(
    ring: &Keyring,
    format: Format,
    mut header: Header,
    credentials: &[(Credential, i64)],
    now_ms: u64,
) -> Option<(Vec<u8>, Header)> {
    let (key_id, key) = ring.sealing()?;
    header.key_id.clone_from(key_id);
    header.ticket_id = rand::random::<[u8; 16]>().to_vec();
    header.issued_ms = now_ms;
    header.expires_ms = now_ms + u64::try_from(TICKET_TTL.as_millis()).ok()?;
    header.contents =
        credentials.iter().map(|(c, version)| Content { kind: c.kind() as i32, version: *version }).collect();

    if format == Format::One {
        (header.scope, header.effect, header.exposure) = (0, 0, 0);
        header.api_key_id.clear();
        header.cap.clear();
        header.budgets.clear();
    }
    let clear = header.encode_to_vec();
    let mut ticket = Vec::with_capacity(clear.len() + 256);
    ticket.extend_from_slice(MAGIC[format as usize]);
    ticket.extend_from_slice(&u16::try_from(clear.len()).ok()?.to_be_bytes());
    ticket.extend_from_slice(&clear);

    let values: Vec<Zeroizing<Vec<u8>>> = credentials.iter().map(|(c, _)| c.encode()).collect();
    let mut sealed = Sealed { values: values.iter().map(|v| v.to_vec()).collect() };
    let plain = Zeroizing::new(sealed.encode_to_vec());
    sealed.values.iter_mut().for_each(zeroize::Zeroize::zeroize);
    let sealed = aead::seal(key, &ticket, &plain)?;
    ticket.extend_from_slice(&sealed);
    Some((ticket, header))
}
