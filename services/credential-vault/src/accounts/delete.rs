//! Deletion in three steps: the account is marked, its credentials are removed, then its own record.
//!
//! Whoever marks it holds a lease and is the only one to remove anything, so that nobody removes the record of an account
//! that was made again meanwhile. A lease that ran out is taken over by the next caller.
use std::time::Duration;

use granary_rpc::{Error, Identifier, Reason};
use tokio::time::{Instant, sleep};

use super::{Accounts, PATIENCE, missing};
use crate::documents::{Account, AccountState};
use crate::paths::{self, ACCOUNT};
use crate::records::{Decision, Records};
use crate::store::MAX_LIST;
use crate::time::now_ms;

/// After this, a deletion that was begun counts as abandoned.
const LEASE: Duration = Duration::from_secs(60);
/// Within this, its owner starts the last step. What is left of the lease covers that step and clocks that differ.
const OWNED: Duration = Duration::from_secs(20);

enum Turn {
    Mine,
    Anothers,
    Gone,
}

impl Accounts {
    /// Deletes an account with every version of its credentials.
    pub(crate) async fn delete(&self, tenant: &str, identifier: &Identifier) -> Result<(), Error> {
        let folder = paths::account_folder(tenant, identifier);
        let deadline = Instant::now() + PATIENCE;
        let mut waited = false;
        loop {
            let began = Instant::now();
            let marked = self.mark(&folder).await;
            self.forget(&folder).await;
            match marked? {
                Turn::Mine => return erase(&self.records, &folder, began).await,
                Turn::Gone if waited => return Ok(()),
                Turn::Gone => return Err(missing(identifier)),
                Turn::Anothers if Instant::now() >= deadline => return Err(busy()),
                Turn::Anothers => waited = true,
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn mark(&self, folder: &str) -> Result<Turn, Error> {
        let id = rand::random::<[u8; 16]>().to_vec();
        self.records
            .change(&paths::account(folder), |current: Option<Account>| {
                let Some(mut record) = current else { return Ok(Decision::Keep(Turn::Gone)) };
                if record.state() == AccountState::Deleting && !abandoned(&record) {
                    return Ok(Decision::Keep(Turn::Anothers));
                }
                record.set_state(AccountState::Deleting);
                record.delete_id.clone_from(&id);
                record.delete_ms = now_ms();
                Ok(Decision::Write(record, Turn::Mine))
            })
            .await
    }
}

/// Whether a deletion was begun by someone who did not finish it.
pub(super) fn abandoned(record: &Account) -> bool {
    let age = now_ms().saturating_sub(record.delete_ms);
    record.state() == AccountState::Deleting && age > i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn busy() -> Error {
    Error::new(Reason::Overloaded, "the account is being deleted; try again")
        .retry_after(Duration::from_secs(1))
}

async fn erase(records: &Records, folder: &str, began: Instant) -> Result<(), Error> {
    clear(records, folder).await?;
    if began.elapsed() > OWNED {
        return Err(busy());
    }
    records.store().delete(&paths::account(folder)).await.map_err(Error::from)
}

/// Removes whatever stands in an account's folder besides its own record.
pub(super) async fn clear(records: &Records, folder: &str) -> Result<(), Error> {
    for name in records.store().list(folder, None, MAX_LIST).await? {
        if name != ACCOUNT {
            records.store().delete(&format!("{folder}/{name}")).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use granary_credential::{Key, Kind};

    use super::*;
    use crate::documents::Credential;
    use crate::store::Embedded;

    /// An account whose deletion began so long ago, with what a writer left in its folder.
    async fn begun(age: Duration) -> (Accounts, Records, String, Identifier, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
        let records = Records::new(Arc::new(store));
        let identifier = Identifier::parse("u").unwrap();
        let folder = paths::account_folder("acme", &identifier);
        let age = i64::try_from(age.as_millis()).unwrap();
        let mut record =
            Account { incarnation: vec![1; 16], delete_ms: now_ms() - age, ..Account::default() };
        record.set_state(AccountState::Deleting);
        assert!(records.create(&paths::account(&folder), record).await.unwrap());
        let kind = paths::kind(&folder, &[1; 16], Kind::ApifyToken);
        assert!(records.create(&kind, Credential::default()).await.unwrap());
        (Accounts::new(records.clone()), records, folder, identifier, dir)
    }

    #[tokio::test]
    async fn a_deletion_that_was_abandoned_is_finished_by_the_next_caller() {
        for delete in [true, false] {
            let (accounts, records, folder, identifier, _dir) = begun(LEASE * 2).await;
            assert!(accounts.find("acme", &identifier).await.is_err());
            if delete {
                accounts.delete("acme", &identifier).await.unwrap();
                assert!(records.store().list(&folder, None, 9).await.unwrap().is_empty());
            } else {
                let (found, created) = accounts.get_or_create("acme", &identifier).await.unwrap();
                assert!(created && found.record.incarnation != [1; 16]);
                assert_eq!(records.store().list(&folder, None, 9).await.unwrap(), ["account"]);
            }
        }
    }

    #[tokio::test]
    async fn a_deletion_under_way_is_waited_for_and_nobody_else_removes_anything() {
        let (accounts, records, folder, identifier, _dir) = begun(Duration::ZERO).await;
        let waiting = tokio::time::timeout(Duration::from_millis(300), accounts.delete("acme", &identifier));
        assert!(waiting.await.is_err());
        let waiting =
            tokio::time::timeout(Duration::from_millis(300), accounts.get_or_create("acme", &identifier));
        assert!(waiting.await.is_err());
        assert_eq!(records.store().list(&folder, None, 9).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn what_a_writer_left_is_cleared_before_the_account_is_made_again() {
        let (accounts, records, folder, identifier, _dir) = begun(LEASE * 2).await;
        records.store().delete(&paths::account(&folder)).await.unwrap();
        accounts.get_or_create("acme", &identifier).await.unwrap();
        assert_eq!(records.store().list(&folder, None, 9).await.unwrap(), ["account"]);
    }
}
