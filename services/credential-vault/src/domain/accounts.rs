//! Connected accounts: created once, found, shown, disabled, deleted.
mod delete;
mod list;
pub(crate) mod mark;
mod place;

use std::time::Duration;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{AccountStatus, CredentialStatus};
use granary_rpc::{Error, Identifier, Reason};
use tokio::time::{Instant, sleep};

use crate::domain::documents::{self, AccountState};
use crate::domain::records::{Decision, Records};
use crate::domain::time::{now_ms, timestamp};

pub(crate) use list::Filter;
pub(crate) use place::AccountFolder;

/// Every kind that an account may hold.
pub(crate) const KINDS: [Kind; 4] =
    [Kind::HarvestapiKey, Kind::HarvestToken, Kind::LinkedinSession, Kind::ApifyToken];
/// Longest wait for another's deletion of the same account.
const DELETE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    records: Records,
}

/// An account that exists.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) place: AccountFolder,
    pub(crate) record: documents::Account,
}

impl Accounts {
    pub(crate) fn new(records: Records) -> Self {
        Self { records }
    }

    /// The account, created where there is none, and whether this call created it.
    pub(crate) async fn get_or_create(
        &self,
        tenant: &str,
        identifier: &Identifier,
    ) -> Result<(Found, bool), Error> {
        let place = AccountFolder::of(tenant, identifier);
        let path = place.account();
        let deadline = Instant::now() + DELETE_TIMEOUT;
        loop {
            let current: Option<documents::Account> = self.records.get(&path).await?;
            let outcome = match current {
                Some(record) if record.state() != AccountState::Deleting => Some((record, false)),
                Some(record) if delete::abandoned(&record) => match self.delete(tenant, identifier).await {
                    Err(error) if error.reason() != Reason::AccountNotFound => return Err(error),
                    _ => continue,
                },
                Some(_) => None,
                None => self.create(&place).await?,
            };
            if let Some((record, created)) = outcome {
                return Ok((Found { place, record }, created));
            }
            if Instant::now() >= deadline {
                return Err(delete::busy());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn create(&self, place: &AccountFolder) -> Result<Option<(documents::Account, bool)>, Error> {
        let fresh = documents::Account {
            identifier: place.identifier.as_str().to_owned(),
            incarnation: rand::random::<[u8; 16]>().to_vec(),
            create_ms: now_ms(),
            ..documents::Account::default()
        };
        self.records
            .change(&place.account(), |current: Option<documents::Account>| {
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
        let place = AccountFolder::of(tenant, identifier);
        let record = self.read(&place).await?;
        Ok(Found { place, record })
    }

    /// The account, which says from now on that it has a record of this kind.
    pub(crate) async fn find_for(
        &self,
        tenant: &str,
        identifier: &Identifier,
        kind: Kind,
    ) -> Result<Found, Error> {
        let found = self.find(tenant, identifier).await?;
        if found.record.kinds().any(|known| known == kind) {
            return Ok(found);
        }
        let Found { place, .. } = found;
        let record = self
            .records
            .change(&place.account(), |current: Option<documents::Account>| {
                let mut record = live(current, identifier)?;
                if record.kinds().any(|known| known == kind) {
                    return Ok(Decision::Keep(record));
                }
                record.push_kinds(kind);
                Ok(Decision::Write(record.clone(), record))
            })
            .await?;
        Ok(Found { place, record })
    }

    async fn read(&self, place: &AccountFolder) -> Result<documents::Account, Error> {
        let record: Option<documents::Account> = self.records.get(&place.account()).await?;
        let record = live(record, &place.identifier)?;
        if record.identifier != place.identifier.as_str() {
            return Err(Error::new(Reason::Internal, "the credential store holds damaged data"));
        }
        Ok(record)
    }

    /// Disables or enables an account, and whether that changed anything.
    pub(crate) async fn set_disabled(
        &self,
        tenant: &str,
        identifier: &Identifier,
        disabled: bool,
    ) -> Result<(Found, bool), Error> {
        let place = AccountFolder::of(tenant, identifier);
        let wanted = if disabled { AccountState::Disabled } else { AccountState::Enabled };
        if disabled {
            self.clear_marks(&place).await?;
        }
        let (record, changed) = self
            .records
            .change(&place.account(), |current: Option<documents::Account>| {
                let mut record = live(current, identifier)?;
                if record.state() == wanted {
                    return Ok(Decision::Keep((record, false)));
                }
                record.set_state(wanted);
                Ok(Decision::Write(record.clone(), (record, true)))
            })
            .await?;
        if disabled {
            self.clear_marks(&place).await?;
        }
        Ok((Found { place, record }, changed))
    }

    /// What is shown of an account. Nothing is decrypted for it.
    pub(crate) async fn show(&self, account: &Found) -> Result<wire::ConnectedAccount, Error> {
        let paths: Vec<String> = account.record.kinds().map(|kind| account.place.kind(kind)).collect();
        let kinds = self.records.get_many(&paths).await?;
        Ok(view(&account.record, kinds))
    }
}

/// An account's record, unless it is being deleted.
fn live(record: Option<documents::Account>, identifier: &Identifier) -> Result<documents::Account, Error> {
    record.filter(|r| r.state() != AccountState::Deleting).ok_or_else(|| missing(identifier))
}

/// The same for an account of another tenant and for one that never was.
pub(crate) fn missing(identifier: &Identifier) -> Error {
    let text = "there is no connected account of this identifier; create it with GetOrCreateConnectedAccount";
    Error::new(Reason::AccountNotFound, text).with("identifier", identifier.as_str())
}

fn disabled(identifier: &Identifier) -> Error {
    let text = "the connected account is disabled; enable it with EnableConnectedAccount";
    Error::new(Reason::AccountDisabled, text).with("identifier", identifier.as_str())
}

/// `kinds` may hold what a writer left behind in an earlier life of the account; that is not shown.
fn view(
    record: &documents::Account,
    kinds: impl IntoIterator<Item = Option<documents::Credential>>,
) -> wire::ConnectedAccount {
    let credentials: Vec<wire::CredentialState> = kinds
        .into_iter()
        .flatten()
        .filter(|kind| kind.incarnation == record.incarnation)
        .map(|kind| kind.shown())
        .collect();
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
