//! Connected accounts: created once, found, shown, disabled, deleted.
mod delete;
mod list;

use std::sync::Arc;
use std::time::Duration;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{AccountStatus, CredentialStatus};
use granary_rpc::{Error, Identifier, Reason};
use moka::future::Cache;
use tokio::time::{Instant, sleep};

use crate::documents::{self, AccountState};
use crate::paths;
use crate::records::{Decision, Records};
use crate::time::{now_ms, timestamp};

pub(crate) use list::Filter;

/// Every kind that an account may hold.
pub(crate) const KINDS: [Kind; 4] =
    [Kind::HarvestapiKey, Kind::HarvestToken, Kind::LinkedinSession, Kind::ApifyToken];
/// Longest wait for another's deletion of the same account.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an account that was read serves tickets without being read again. With the look-up itself it stays under a
/// second, and the gateway keeps nothing longer that it got within a second of a change.
const RECENT: Duration = Duration::from_millis(800);
/// Most accounts that are remembered.
const REMEMBERED: u64 = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    records: Records,
    recent: Cache<String, Arc<documents::Account>>,
}

/// An account that exists.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) tenant: String,
    pub(crate) folder: String,
    pub(crate) record: documents::Account,
}

impl Accounts {
    pub(crate) fn new(records: Records) -> Self {
        let recent = Cache::builder().max_capacity(REMEMBERED).time_to_live(RECENT).build();
        Self { records, recent }
    }

    /// The account, created where there is none, and whether this call created it.
    pub(crate) async fn get_or_create(
        &self,
        tenant: &str,
        identifier: &Identifier,
    ) -> Result<(Found, bool), Error> {
        let folder = paths::account_folder(tenant, identifier);
        let path = paths::account(&folder);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let current: Option<documents::Account> = self.records.get(&path).await?;
            let outcome = match current {
                Some(record) if record.state() != AccountState::Deleting => Some((record, false)),
                Some(record) if delete::abandoned(&record) => match self.delete(tenant, identifier).await {
                    Err(error) if error.reason() != Reason::AccountNotFound => return Err(error),
                    _ => continue,
                },
                Some(_) => None,
                None => self.create(&folder, identifier).await?,
            };
            if let Some((record, created)) = outcome {
                return Ok((Found { tenant: tenant.to_owned(), folder, record }, created));
            }
            if Instant::now() >= deadline {
                return Err(delete::busy());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn create(
        &self,
        folder: &str,
        identifier: &Identifier,
    ) -> Result<Option<(documents::Account, bool)>, Error> {
        // What a writer left that died between its write and its second look. It belongs to incarnations that are gone:
        // the new one is drawn only now.
        delete::clear(&self.records, folder).await?;
        let fresh = documents::Account {
            identifier: identifier.as_str().to_owned(),
            incarnation: rand::random::<[u8; 16]>().to_vec(),
            create_ms: now_ms(),
            ..documents::Account::default()
        };
        self.records
            .change(&paths::account(folder), |current: Option<documents::Account>| {
                Ok(match current {
                    None => Decision::Write(fresh.clone(), Some((fresh.clone(), true))),
                    Some(other) if other.state() == AccountState::Deleting => Decision::Keep(None),
                    Some(other) => Decision::Keep(Some((other, false))),
                })
            })
            .await
    }

    /// The account, or `ACCOUNT_NOT_FOUND`.
    pub(crate) async fn find(&self, tenant: &str, identifier: &Identifier) -> Result<Found, Error> {
        let folder = paths::account_folder(tenant, identifier);
        let record = self.read(&folder, identifier).await?;
        self.recent.insert(folder.clone(), Arc::new(record.clone())).await;
        Ok(Found { tenant: tenant.to_owned(), folder, record })
    }

    /// The account as it was within the last second, and whether it was read just now.
    pub(crate) async fn find_recent(
        &self,
        tenant: &str,
        identifier: &Identifier,
    ) -> Result<(Found, bool), Error> {
        let folder = paths::account_folder(tenant, identifier);
        let entry = self.recent.entry_by_ref(&folder);
        let read = async { self.read(&folder, identifier).await.map(Arc::new) };
        let entry = entry.or_try_insert_with(read).await.map_err(|error: Arc<Error>| (*error).clone())?;
        let fresh = entry.is_fresh();
        let record = (*entry.into_value()).clone();
        Ok((Found { tenant: tenant.to_owned(), folder, record }, fresh))
    }

    async fn read(&self, folder: &str, identifier: &Identifier) -> Result<documents::Account, Error> {
        let record: Option<documents::Account> = self.records.get(&paths::account(folder)).await?;
        let record =
            record.filter(|r| r.state() != AccountState::Deleting).ok_or_else(|| missing(identifier))?;
        if record.identifier != identifier.as_str() {
            return Err(Error::new(Reason::Internal, "the credential store holds damaged data"));
        }
        Ok(record)
    }

    /// Forgets an account that is about to change, or has.
    pub(crate) async fn forget(&self, folder: &str) {
        self.recent.invalidate(folder).await;
    }

    /// Whether the account is still the one that was found: not deleted, and not deleted and made again.
    pub(crate) async fn remains(&self, account: &Found) -> Result<bool, Error> {
        let record: Option<documents::Account> = self.records.get(&paths::account(&account.folder)).await?;
        Ok(record.is_some_and(|r| {
            r.state() != AccountState::Deleting && r.incarnation == account.record.incarnation
        }))
    }

    /// Disables or enables an account, and whether that changed anything.
    pub(crate) async fn set_disabled(
        &self,
        tenant: &str,
        identifier: &Identifier,
        disabled: bool,
    ) -> Result<(Found, bool), Error> {
        let folder = paths::account_folder(tenant, identifier);
        let wanted = if disabled { AccountState::Disabled } else { AccountState::Enabled };
        let changed = self
            .records
            .change(&paths::account(&folder), |current: Option<documents::Account>| {
                let mut record = current
                    .filter(|r| r.state() != AccountState::Deleting)
                    .ok_or_else(|| missing(identifier))?;
                if record.state() == wanted {
                    return Ok(Decision::Keep((record, false)));
                }
                record.set_state(wanted);
                Ok(Decision::Write(record.clone(), (record, true)))
            })
            .await;
        self.forget(&folder).await;
        let (record, changed) = changed?;
        Ok((Found { tenant: tenant.to_owned(), folder, record }, changed))
    }

    /// What is shown of an account. Nothing is decrypted for it.
    pub(crate) async fn show(&self, account: &Found) -> Result<wire::ConnectedAccount, Error> {
        let kinds = self.records.get_many(&account.kind_paths()).await?;
        Ok(view(&account.record, kinds))
    }
}

impl Found {
    /// Where the record of a kind stands.
    pub(crate) fn kind_path(&self, kind: Kind) -> String {
        paths::kind(&self.folder, &self.record.incarnation, kind)
    }

    fn kind_paths(&self) -> Vec<String> {
        KINDS.iter().map(|kind| self.kind_path(*kind)).collect()
    }
}

/// The same for an account of another tenant and for one that never was.
pub(crate) fn missing(identifier: &Identifier) -> Error {
    let text = "there is no connected account of this identifier; create it with GetOrCreateConnectedAccount";
    Error::new(Reason::AccountNotFound, text).with("identifier", identifier.as_str())
}

fn view(record: &documents::Account, kinds: Vec<Option<documents::Credential>>) -> wire::ConnectedAccount {
    let credentials: Vec<wire::CredentialState> =
        kinds.into_iter().flatten().map(|kind| kind.shown()).collect();
    let status = if record.state() == AccountState::Disabled {
        AccountStatus::Disabled
    } else if credentials.iter().any(|c| usable(c.status())) {
        AccountStatus::Active
    } else {
        AccountStatus::Pending
    };
    wire::ConnectedAccount {
        identifier: record.identifier.clone(),
        status: status.into(),
        credentials,
        create_time: timestamp(record.create_ms),
    }
}

fn usable(status: CredentialStatus) -> bool {
    matches!(status, CredentialStatus::Pending | CredentialStatus::Active | CredentialStatus::Suspect)
}
