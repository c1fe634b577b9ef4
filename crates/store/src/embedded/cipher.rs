//! Seals values: XChaCha20-Poly1305 with a key of its own for each context, the context being the associated data.
//!
//! `"GV1" · nonce (24) · ciphertext`.
use data_encoding::HEXLOWER;
use granary_credential::{Key, aead, fingerprint};
use zeroize::Zeroizing;

use crate::{Context, Error};

const MAGIC: &[u8; 3] = b"GV1";

/// What one master key seals and opens.
#[derive(Clone)]
pub(super) struct Cipher(Key);

impl Cipher {
    pub(super) fn new(master_key: &Key) -> Self {
        Self(master_key.derive("store values"))
    }

    pub(super) fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let sealed = aead::seal(&self.for_context(context), context.as_bytes(), plain)
            .ok_or_else(|| Error::Denied("the value is too long to be sealed".to_owned()))?;
        Ok([MAGIC.as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let corrupt = || Error::Corrupt("a sealed value does not open".to_owned());
        let rest = sealed.strip_prefix(MAGIC.as_slice()).ok_or_else(corrupt)?;
        aead::open(&self.for_context(context), context.as_bytes(), rest).ok_or_else(corrupt)
    }

    fn for_context(&self, context: &Context) -> Key {
        let digest = HEXLOWER.encode(&fingerprint::sha256(context.as_bytes()));
        self.0.derive(&digest)
    }
}

#[cfg(test)]
mod tests {
    use granary_credential::Kind;

    use super::*;

    #[test]
    fn a_value_opens_in_its_own_place_only() {
        let cipher = Cipher::new(&Key::random());
        let context = Context::credential("acme", b"one", Kind::ApifyToken);
        let sealed = cipher.seal(&context, b"canary").unwrap();
        assert_eq!(cipher.open(&context, &sealed).unwrap().as_slice(), b"canary");
        for other in [
            Context::credential("other", b"one", Kind::ApifyToken),
            Context::credential("acme", b"two", Kind::ApifyToken),
            Context::credential("acme", b"one", Kind::HarvestToken),
            Context::system("sealing"),
        ] {
            assert!(matches!(cipher.open(&other, &sealed), Err(Error::Corrupt(_))));
        }
        assert!(Cipher::new(&Key::random()).open(&context, &sealed).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(cipher.open(&context, &changed).is_err(), "{position}");
            assert!(cipher.open(&context, &sealed[..position]).is_err(), "{position}");
        }
    }
}
