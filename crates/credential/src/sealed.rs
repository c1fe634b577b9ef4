//! Sealed puts: a libsodium sealed box that only credential-vault can open.
use crypto_box::aead::OsRng;
use crypto_box::{PublicKey, SecretKey};
use granary_proto::granary::vault::v1::{SealedCredential, SealedFor, sealed_for};
use prost::Message;
use zeroize::Zeroizing;

use crate::{Key, fingerprint};

/// Credential-vault's half of the sealing key.
#[derive(Clone)]
pub struct SealingKey(SecretKey);

impl SealingKey {
    /// The key pair that belongs to these 32 bytes.
    pub fn new(key: &Key) -> Self {
        Self(SecretKey::from(*key.expose()))
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        *self.0.public_key().as_bytes()
    }

    /// Opens a box. `None`: it was not sealed for this key, or was changed.
    pub fn open(&self, sealed: &[u8]) -> Option<SealedCredential> {
        let plain = Zeroizing::new(self.0.unseal(sealed).ok()?);
        SealedCredential::decode(plain.as_slice()).ok()
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(masked)")
    }
}

/// Seals a credential for the holder of a public key. `None`: the key is no key.
pub fn seal(public_key: &[u8], credential: &SealedCredential) -> Option<Vec<u8>> {
    let public = PublicKey::from(<[u8; 32]>::try_from(public_key).ok()?);
    let plain = Zeroizing::new(credential.encode_to_vec());
    public.seal(&mut OsRng, &plain).ok()
}

/// Whose a box is, by the id of its client's own API key.
pub fn for_api_key(key_id: &str) -> SealedFor {
    SealedFor { caller: Some(sealed_for::Caller::ApiKeyId(key_id.to_owned())) }
}

/// The id of a public key, as it is sent along with a box.
pub fn key_id(public_key: &[u8; 32]) -> String {
    fingerprint_of(public_key)[..16].to_owned()
}

/// SHA-256 of a public key in hexadecimal, for people and scripts to compare.
pub fn fingerprint_of(public_key: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&fingerprint::sha256(public_key))
}
