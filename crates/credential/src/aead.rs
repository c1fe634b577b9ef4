//! Sealing under a key: XChaCha20-Poly1305 with a random nonce, which stands in front of what it sealed.
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::Key;

const NONCE: usize = 24;

/// Seals a text beside associated data, which is authenticated and not repeated. `None`: it is too long for the cipher.
pub fn seal(key: &Key, beside: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE] = rand::random();
    let cipher = XChaCha20Poly1305::new(key.expose().into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: beside }).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// Opens what was sealed with the key beside the same data.
pub fn open(key: &Key, beside: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new(key.expose().into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: beside }).map(Zeroizing::new).ok()
}
