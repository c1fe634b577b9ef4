//! The secret types: text that is wiped on drop, and 32-byte keys.
use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A secret text. It compares in constant time, prints as nothing but its type, and is wiped on drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// A 32-byte key, wiped on drop.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Secret {
    /// Takes a text over; nothing of it is copied.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Each use is a place to review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Key {
    /// A fresh random key.
    pub fn random() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// Takes 32 bytes over.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }

    /// Reads a key from base64 text of 32 bytes, as it stands in files and the environment.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(data_encoding::BASE64.decode(text.trim().as_bytes()).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self::from_bytes)
    }

    /// The key as base64 text, for its file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(data_encoding::BASE64.encode(self.0.as_slice()))
    }

    /// The bytes. Each use is a place to review.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of its own for one purpose, derived by HMAC-SHA256.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::from_bytes(crate::fingerprint::hmac(self, &[b"granary/derive/", purpose.as_bytes()]))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(masked)")
    }
}
