//! What a vendor made of a credential, signed by the service that heard it: a gateway carries the word, and cannot make it.
//!
//! `"GV1" · message · HMAC-SHA256`, under a key that is derived from the service's ticket key and serves nothing else.
use prost::Message;

use crate::ticket::Keyring;
use crate::{Key, Kind, fingerprint};

const MAGIC: &[u8; 3] = b"GV1";
const TAG: usize = 32;
/// What the signing key is derived with.
const PURPOSE: &str = "verdict";
/// Longest verdict, in bytes: names of tenant and account are bounded by far less.
pub const MAX_BYTES: usize = 4_096;

/// What a vendor made of one version of a credential.
#[derive(Clone, PartialEq, Message)]
pub struct Verdict {
    /// The id of the ticket key that the signing key is derived from.
    #[prost(string, tag = "1")]
    pub key_id: String,
    /// The process that heard it, such as "harvest-time".
    #[prost(string, tag = "2")]
    pub process: String,
    /// The tenant.
    #[prost(string, tag = "3")]
    pub tenant: String,
    /// The account's identifier.
    #[prost(string, tag = "4")]
    pub account: String,
    /// The account's incarnation.
    #[prost(bytes = "vec", tag = "5")]
    pub incarnation: Vec<u8>,
    /// The credential's kind.
    #[prost(enumeration = "crate::Kind", tag = "6")]
    pub kind: i32,
    /// Its version.
    #[prost(int64, tag = "7")]
    pub version: i64,
    /// Whether the vendor took it.
    #[prost(bool, tag = "8")]
    pub accepted: bool,
    /// Whether it was asked for that alone.
    #[prost(bool, tag = "9")]
    pub probe: bool,
    /// When, in milliseconds since 1970, by the service's clock.
    #[prost(uint64, tag = "10")]
    pub at_ms: u64,
}

/// Signs a verdict; the key's id is filled in here. `None`: the ring is empty.
pub fn sign(ring: &Keyring, verdict: &Verdict) -> Option<Vec<u8>> {
    let (id, key) = ring.sealing()?;
    let verdict = Verdict { key_id: id.clone(), ..verdict.clone() };
    let mut signed = MAGIC.to_vec();
    verdict.encode_raw(&mut signed);
    let tag = fingerprint::hmac(&signing_key(key), &[&signed]);
    signed.extend_from_slice(&tag);
    Some(signed)
}

/// Which process a verdict says it is from; nothing of it is proven.
pub fn claimed_process(signed: &[u8]) -> Option<String> {
    Some(split(signed)?.0.process)
}

/// Reads a verdict that a key of the ring signed.
pub fn verify(ring: &Keyring, signed: &[u8]) -> Option<Verdict> {
    let (verdict, message, tag) = split(signed)?;
    let key = ring.find(&verdict.key_id)?;
    fingerprint::verify(&signing_key(key), message, tag).then_some(verdict)
}

impl Verdict {
    /// The kind, where it is one.
    pub fn known_kind(&self) -> Option<Kind> {
        Some(self.kind()).filter(|kind| *kind != Kind::Unspecified)
    }
}

fn split(signed: &[u8]) -> Option<(Verdict, &[u8], &[u8])> {
    if signed.len() > MAX_BYTES {
        return None;
    }
    let (message, tag) = signed.split_at_checked(signed.len().checked_sub(TAG)?)?;
    let verdict = Verdict::decode(message.strip_prefix(MAGIC.as_slice())?).ok()?;
    Some((verdict, message, tag))
}

fn signing_key(key: &Key) -> Key {
    key.derive(PURPOSE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict() -> Verdict {
        Verdict {
            process: "harvest-time".to_owned(),
            tenant: "acme".to_owned(),
            account: "u".to_owned(),
            incarnation: vec![7; 16],
            kind: Kind::HarvestToken.into(),
            version: 3,
            at_ms: 1_774_944_000_000,
            ..Verdict::default()
        }
    }

    #[test]
    fn only_the_keys_of_the_service_make_its_word() {
        let (ring, other) = (Keyring::single(Key::random()), Keyring::single(Key::random()));
        let signed = sign(&ring, &verdict()).unwrap();
        assert_eq!(claimed_process(&signed).unwrap(), verdict().process);
        let read = verify(&ring, &signed).unwrap();
        assert_eq!(Verdict { key_id: String::new(), ..read }, verdict());
        assert_eq!(verify(&other, &signed), None);
    }

    proptest! {
        #[test]
        fn a_verdict_that_was_changed_is_none(at in any::<prop::sample::Index>(), bit in 0..8_u8, junk in prop::collection::vec(any::<u8>(), 0..80)) {
            let ring = Keyring::single(Key::random());
            let mut signed = sign(&ring, &verdict()).unwrap();
            let at = at.index(signed.len());
            signed[at] ^= 1 << bit;
            prop_assert_eq!(verify(&ring, &signed), None);
            prop_assert_eq!(verify(&ring, &junk), None);
            claimed_process(&junk);
        }
    }
}
