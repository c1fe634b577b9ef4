//! Accounts written straight into a store, past the RPCs, before any service uses it: how a store of any size is filled.
use granary_credential::{Credential, Key, fingerprint};
use granary_rpc::Identifier;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Place, vouch};
use crate::config::Parts;
use crate::credentials::fresh;
use crate::documents::Account;
use crate::invalidation::Announcements;
use crate::keys::Keys;
use crate::records::Records;
use crate::store::{Expect, Store};
use crate::system::SystemKeys;
use crate::tenants::Tenants;
use crate::time::now_ms;
use crate::vault::operator;
use crate::{Error, documents};

/// A store that is being filled.
#[derive(Debug)]
pub struct Bulk {
    records: Records,
    fingerprint: Key,
}

impl Bulk {
    /// Begins, and makes the keys that every service of the store will use.
    ///
    /// # Errors
    /// The store fails, or what it holds does not open.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let records = Records::new(parts.store);
        let fingerprint = SystemKeys::load(&records).await?.fingerprint;
        Ok(Self { records, fingerprint })
    }

    /// Creates a tenant, and returns the text of a key that holds every scope there.
    ///
    /// # Errors
    /// There is one of that name, or the store fails.
    pub async fn tenant(&self, name: &str) -> Result<String, Error> {
        Tenants::new(self.records.clone()).create(name).await?;
        let keys = Keys::new(self.records.clone(), Announcements::new(CancellationToken::new()));
        let (_, text) = keys.create(operator(name, "bulk")).await?;
        Ok(text.expose().to_owned())
    }

    /// Creates an account with one credential.
    ///
    /// # Errors
    /// There is something in its place already, or the store fails.
    pub async fn account(
        &self,
        tenant: &str,
        identifier: &Identifier,
        credential: &Credential,
    ) -> Result<(), Error> {
        let (store, place, kind) = (self.records.store(), Place::of(tenant, identifier), credential.kind());
        let account = Account {
            identifier: identifier.as_str().to_owned(),
            incarnation: rand::random::<[u8; 16]>().to_vec(),
            create_ms: now_ms(),
            kinds: vec![kind.into()],
            ..Account::default()
        };
        let incarnation = &account.incarnation;
        let sealed =
            store.seal(&place.context(incarnation, kind), &credential.encode()).await.map_err(ours)?;
        let fingerprint = fingerprint::of_credential(&self.fingerprint, tenant, credential);
        let record = fresh(incarnation, kind, sealed, fingerprint);
        put(store.as_ref(), &place.account(), &account).await?;
        let version = put(store.as_ref(), &place.kind(kind), &record).await?;
        let mark = vouch::mark(incarnation);
        store.mark(&place.kind(kind), Some(&mark), version).await.map_err(ours)?;
        Ok(())
    }

    /// Ends the store in good order.
    pub async fn close(self) {
        self.records.store().close().await;
    }
}

async fn put<D: documents::Document>(store: &dyn Store, path: &str, document: &D) -> Result<u64, Error> {
    store.put(path, document.encode_to_vec(), Expect::Absent).await.map_err(ours)
}

fn ours(error: crate::store::Error) -> Error {
    Error::Refused(error.into())
}
