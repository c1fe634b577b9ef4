//! What all three services share.
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use granary_credential::ticket::{Format, Keyring};
use granary_proto::PolicyTable;
use granary_rpc::{Error, Reason};
use granary_server::Admission;
use granary_store::Store;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Parts;
use crate::domain::accounts::Accounts;
use crate::domain::credentials::Credentials;
use crate::domain::invalidation::Announcements;
use crate::domain::keys::Keys;
use crate::domain::records::Records;
use crate::domain::system_keys::SystemKeys;
use crate::domain::tenants::Tenants;
use crate::ops::audit::{Audit, Entry};
use crate::ops::maintenance::Upkeep;
use crate::ops::outage::OutageWatch;
use crate::ops::store_selection::{StorePlaces, Stores};
use crate::rpc::admit::Arriving;

/// Changes under way at a time.
const CHANGES: usize = 512;
/// Longest wait of a change for its start.
const SLOT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct State {
    pub(crate) records: Records,
    pub(crate) system: SystemKeys,
    pub(crate) tenants: Tenants,
    pub(crate) keys: Keys,
    pub(crate) accounts: Accounts,
    pub(crate) credentials: Credentials,
    pub(crate) announcements: Announcements,
    pub(crate) audit: Arc<Audit>,
    pub(crate) rings: HashMap<String, Keyring>,
    pub(crate) ticket_format: Format,
    pub(crate) one_key_for_harvest: bool,
    pub(crate) table: &'static PolicyTable,
    pub(crate) admission: Admission,
    pub(crate) arriving: Arriving,
    pub(crate) tasks: TaskTracker,
    pub(crate) closing: CancellationToken,
    pub(crate) stores: Stores,
    pub(crate) place: Option<StorePlaces>,
    pub(crate) upkeep: Upkeep,
    pub(crate) outage: OutageWatch,
    changes: Arc<Semaphore>,
}

impl State {
    pub(crate) async fn new(parts: Parts) -> Result<Self, crate::Error> {
        let table = granary_proto::policy_table()?;
        let closing = CancellationToken::new();
        let (kind, place) = parts.place.unzip();
        let stores = Stores::new(parts.store, kind);
        let records = Records::new(Arc::clone(&stores.switch) as Arc<dyn Store>);
        let announcements = Announcements::new(closing.clone());
        let system = SystemKeys::load(&records).await?;
        let accounts = Accounts::new(records.clone());
        let credentials = Credentials::new(
            records.clone(),
            accounts.clone(),
            announcements.clone(),
            system.fingerprint.clone(),
        );
        Ok(Self {
            tenants: Tenants::new(records.clone()),
            keys: Keys::new(records.clone(), announcements.clone()),
            accounts,
            credentials,
            system,
            records,
            announcements,
            audit: Arc::new(parts.audit),
            rings: parts.rings,
            ticket_format: parts.ticket_format,
            one_key_for_harvest: parts.one_key_for_harvest,
            table,
            admission: Admission::new("credential-vault", &parts.admission),
            arriving: Arriving::default(),
            tasks: TaskTracker::new(),
            closing,
            stores,
            place,
            upkeep: Upkeep::default(),
            outage: OutageWatch::new(),
            changes: Arc::new(Semaphore::new(CHANGES)),
        })
    }

    /// Runs a change to its end, even if the caller goes away: between a commit and its announcement there is no stopping.
    /// `entry` becomes the audit line of a failure; what the work returns becomes that of a success.
    pub(crate) async fn change<T, F>(self: &Arc<Self>, entry: Entry, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<(T, Option<Entry>), Error>> + Send + 'static,
    {
        let overloaded = || Error::new(Reason::Overloaded, "too many changes are under way");
        let permit = timeout(SLOT_TIMEOUT, Arc::clone(&self.changes).acquire_owned())
            .await
            .map_err(|_| overloaded())?
            .map_err(|_| overloaded())?;
        // Before anything changes: what cannot be written down is not done.
        let slot = self.audit.slot(&entry).await?;
        let called = entry.clone();
        let task = self.tasks.spawn(async move {
            let _permit = permit;
            match work.await {
                Ok((value, entry)) => (Ok(value), entry.map(|entry| slot.take(&entry.done()))),
                Err(error) => {
                    let receipt = slot.take(&entry.refused(&error));
                    (Err(error), Some(receipt))
                }
            }
        });
        let (outcome, receipt) = task
            .await
            .map_err(|e| Error::new(Reason::Internal, "the change did not come to its end").caused_by(e))?;
        if let Some(receipt) = receipt {
            receipt.written(called.patience()).await?;
        }
        outcome
    }

    /// Writes an audit line if a read was refused.
    pub(crate) async fn read<T>(
        &self,
        entry: Entry,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let outcome = work.await;
        if let Err(error) = &outcome
            && matches!(
                error.reason(),
                Reason::ScopeMissing | Reason::AccountNotAllowed | Reason::PeerRefused
            )
        {
            return Err(self.audit.refuse(entry, error.clone()).await);
        }
        outcome
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
