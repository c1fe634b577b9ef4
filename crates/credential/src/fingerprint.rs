//! Keyed hashes: fingerprints that tell nothing, and message authentication.
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{Credential, Key};

/// HMAC-SHA256 over the parts, one after the other.
pub fn hmac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of `message`, in constant time.
pub fn verify(key: &Key, message: &[u8], tag: &[u8]) -> bool {
    let mut mac = keyed(key);
    mac.update(message);
    mac.verify_slice(tag).is_ok()
}

/// 16 hexadecimal digits by which equal values of one tenant can be seen to be equal, and nothing else.
pub fn of_credential(key: &Key, tenant: &str, credential: &Credential) -> String {
    let length = (tenant.len() as u64).to_be_bytes();
    let value = credential.encode();
    let kind = (credential.kind() as i32).to_be_bytes();
    let tag = hmac(key, &[&length, tenant.as_bytes(), &kind, &value]);
    data_encoding::HEXLOWER.encode(&tag[..8])
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[allow(clippy::expect_used)]
fn keyed(key: &Key) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length")
}
