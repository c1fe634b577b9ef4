//! Accounts written straight into a store, past the RPCs, before any service uses it: how a store of any size is filled.
use std::time::Duration;

use granary_credential::{Credential, Key, fingerprint};
use granary_rpc::{Identifier, Reason};
use granary_store::Expect;
use prost::Message;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::application::operator;
use crate::config::Parts;
use crate::domain::accounts::{AccountFolder, mark};
use crate::domain::credentials::fresh;
use crate::domain::documents::{Account, Document};
use crate::domain::invalidation::Announcements;
use crate::domain::keys::Keys;
use crate::domain::records::{Decision, Records};
use crate::domain::system_keys::SystemKeys;
use crate::domain::tenants::Tenants;
use crate::domain::time::now_ms;

/// Attempts at one account, while the store is too busy.
const ATTEMPTS: u32 = 30;
const RETRY_DELAY: Duration = Duration::from_secs(1);

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
        let (place, kind) = (AccountFolder::of(tenant, identifier), credential.kind());
        let account = Account {
            identifier: identifier.as_str().to_owned(),
            incarnation: rand::random::<[u8; 16]>().to_vec(),
            create_ms: now_ms(),
            kinds: vec![kind.into()],
            ..Account::default()
        };
        let fingerprint = fingerprint::of_credential(&self.fingerprint, tenant, credential);
        let mut attempt = 0;
        loop {
            let written = self.write(&place, &account, credential, &fingerprint, attempt > 0).await;
            match written {
                // A write that was not answered in time may land in the middle of the next attempt.
                Err(error) if busy(&error) && attempt < ATTEMPTS => {
                    attempt += 1;
                    sleep(RETRY_DELAY).await;
                }
                outcome => return Ok(outcome?),
            }
        }
    }

    /// `again`: what an earlier attempt may have written is written over.
    async fn write(
        &self,
        place: &AccountFolder,
        account: &Account,
        credential: &Credential,
        fingerprint: &str,
        again: bool,
    ) -> Result<(), granary_rpc::Error> {
        let (store, kind, incarnation) = (self.records.store(), credential.kind(), &account.incarnation);
        let sealed = store.seal(&place.context(incarnation, kind), &credential.encode()).await?;
        let record = fresh(incarnation, kind, sealed, fingerprint.to_owned());
        let (own, path, mark) = (place.account(), place.kind(kind), mark::of(incarnation));
        if again {
            self.over(&own, account).await?;
            let version = self.over(&path, &record).await?;
            store.mark(&path, Some(&mark), version).await?;
        } else {
            store.put(&own, account.encode_to_vec(), Expect::Absent).await?;
            store.create(&path, record.encode_to_vec(), &mark).await?;
        }
        Ok(())
    }

    async fn over<D: Document>(&self, path: &str, document: &D) -> Result<u64, granary_rpc::Error> {
        let over = |_: Option<D>| Ok(Decision::Write(document.clone(), ()));
        Ok(self.records.change_at(path, over).await?.1)
    }

    /// Ends the store in good order.
    pub async fn close(self) {
        self.records.store().close().await;
    }
}

fn busy(error: &granary_rpc::Error) -> bool {
    matches!(error.reason(), Reason::StoreUnavailable | Reason::Overloaded)
}
