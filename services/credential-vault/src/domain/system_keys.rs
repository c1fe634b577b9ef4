//! The keys that credential-vault makes for itself: at first use, by check-and-set, sealed in the store.
use granary_credential::sealed::{SealingKey, fingerprint_of, key_id};
use granary_credential::{Key, principal};
use granary_proto::granary::internal::v1::Principal;
use granary_rpc::{Error, Reason};
use granary_store::Context;

use crate::domain::documents::SystemKey;
use crate::domain::paths;
use crate::domain::records::Records;
use crate::domain::time::now_ms;

/// All of them, opened at start.
pub(crate) struct SystemKeys {
    pub(crate) sealing: SealingKey,
    /// For fingerprints of credentials.
    pub(crate) fingerprint: Key,
    /// For page tokens.
    pub(crate) page: Key,
    /// For principal tokens.
    principal: Key,
}

impl SystemKeys {
    pub(crate) async fn load(records: &Records) -> Result<Self, Error> {
        Ok(Self {
            sealing: SealingKey::new(&load(records, "sealing").await?),
            fingerprint: load(records, "fingerprint").await?,
            page: load(records, "page-token").await?,
            principal: load(records, "principal").await?,
        })
    }

    /// The id of the public sealing key, as callers send it along.
    pub(crate) fn sealing_id(&self) -> String {
        key_id(&self.sealing.public_key())
    }

    /// The fingerprint of the public sealing key, as people compare it.
    pub(crate) fn sealing_fingerprint(&self) -> String {
        fingerprint_of(&self.sealing.public_key())
    }

    pub(crate) fn mint(&self, principal: &Principal) -> Vec<u8> {
        principal::mint(&self.principal, principal)
    }

    /// Who a principal token stands for.
    pub(crate) fn principal(&self, token: &[u8]) -> Result<Principal, Error> {
        principal::read(&self.principal, token, now_ms().div_euclid(1_000)).ok_or_else(|| {
            Error::new(
                Reason::PeerRefused,
                "the principal token is not ours or has expired; authenticate again",
            )
        })
    }
}

/// Of several replicas that start at once, one creates the key and the others read it.
async fn load(records: &Records, name: &str) -> Result<Key, Error> {
    let (path, context, store) = (paths::system(name), Context::system(name), records.store());
    let found: Option<SystemKey> = records.get(&path).await?;
    let document = match found {
        Some(document) => document,
        None => {
            let sealed = store.seal(&context, Key::random().expose()).await?;
            let fresh = SystemKey { sealed, create_ms: now_ms(), ..SystemKey::default() };
            records.create(&path, fresh).await?;
            let kept: Option<SystemKey> = records.get(&path).await?;
            kept.ok_or_else(|| Error::new(Reason::Internal, "a key that was stored is not there"))?
        }
    };
    let plain = store.open(&context, &document.sealed).await?;
    let bytes = <[u8; 32]>::try_from(plain.as_slice());
    bytes.map(Key::from_bytes).map_err(|_| Error::new(Reason::Internal, "a stored key has not 32 bytes"))
}
