//! Calls between services are authenticated: by mutual TLS where it is configured, else by a key for each two peers.
use std::path::Path;

use granary_credential::{Secret, key_file};
use granary_rpc::metadata::name;
use granary_rpc::{Error, Reason};
use http::{HeaderMap, HeaderValue};

/// The key that one service sends to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerKey(Secret);

impl PeerKey {
    /// A fresh random key.
    pub fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(Secret::new(base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes)))
    }

    /// Reads a key from its file: one line of at least 32 visible characters.
    ///
    /// # Errors
    /// Says what is wrong with the file, never what it holds.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let text = key_file::read_text(path)?;
        Self::parse(text.trim())
            .ok_or_else(|| format!("{} must hold one line of at least 32 visible characters", path.display()))
    }

    /// Takes a key's text.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() >= 32 && text.bytes().all(|b| b.is_ascii_graphic()))
            .then(|| Self(Secret::new(text.to_owned())))
    }

    /// The key's text, for its file.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The key as a header that is hidden from `Debug` and kept out of the HPACK table.
    pub fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.0.expose()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// How a listener between services knows its callers.
#[derive(Clone, Debug)]
pub enum PeerGuard {
    /// Anyone may call: a public listener, which admits callers by itself.
    Public,
    /// The listener's TLS has checked the caller's certificate.
    MutualTls,
    /// The caller must send this key to call this service.
    Key(PeerKey, &'static str),
}

impl PeerGuard {
    /// Checks one request, and removes the key from it.
    ///
    /// # Errors
    /// `PEER_REFUSED`.
    pub fn check(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        let sent = headers.remove(&name::PEER_KEY);
        let Self::Key(key, service) = self else { return Ok(()) };
        let sent = sent.and_then(|v| v.to_str().ok().map(|t| Secret::new(t.to_owned())));
        if sent.is_some_and(|s| s == key.0) {
            Ok(())
        } else {
            let text = format!(
                "{service} takes calls of the services in front of it alone: its peer_key_file and theirs must hold the same key"
            );
            Err(Error::new(Reason::PeerRefused, text))
        }
    }
}
