//! Deletion in three steps: the account is marked, its credentials are removed, then its own record.
//!
//! Whoever marks it holds a lease and is the only one to remove anything, so that nobody removes the record of an account
//! that was made again meanwhile. A lease that ran out is taken over by the next caller.
use std::time::Duration;

use granary_rpc::{Error, Identifier, Reason};
use granary_store::MAX_LIST;
use tokio::time::{Instant, sleep};

use super::{AccountFolder, Accounts, DELETE_TIMEOUT, missing};
use crate::domain::documents::{Account, AccountState, Credential};
use crate::domain::paths::ACCOUNT;
use crate::domain::records::Decision;
use crate::domain::time::now_ms;

/// After this, a deletion that was begun counts as abandoned.
const LEASE_TTL: Duration = Duration::from_secs(60);
/// Within this, its owner starts the last step. What is left of the lease covers that step and clocks that differ.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(20);

/// What a lease is for: an account to delete, or a folder that one left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeaseFor {
    /// That of an account, which is to go.
    Account,
    /// One that belongs to no account any more.
    OrphanedFolder,
}

enum Lease {
    /// The lease is ours, since then at the earliest.
    Acquired(Instant),
    /// There is no account, and whether another's lease was waited for.
    Absent { waited: bool },
    /// There is an account, and it is to stay.
    InUse,
}

impl Accounts {
    /// Deletes an account with every version of its credentials.
    pub(crate) async fn delete(&self, tenant: &str, identifier: &Identifier) -> Result<(), Error> {
        let place = AccountFolder::of(tenant, identifier);
        self.clear_marks(&place).await?;
        match self.lease(&place, LeaseFor::Account).await? {
            Lease::Acquired(began) => self.erase(&place, began).await,
            Lease::Absent { waited: true } => Ok(()),
            Lease::Absent { waited: false } | Lease::InUse => Err(missing(identifier)),
        }
    }

    /// Removes what a writer put into a folder whose account was deleted meanwhile: nobody makes the account again while a
    /// lease on the folder is held. Where it has been made again already, the record is emptied and left to its deletion.
    pub(crate) async fn erase_orphan(
        &self,
        place: &AccountFolder,
        path: &str,
        incarnation: &[u8],
    ) -> Result<(), Error> {
        if let Lease::Acquired(began) = self.lease(place, LeaseFor::OrphanedFolder).await? {
            return self.erase(place, began).await;
        }
        self.records
            .change(path, |current: Option<Credential>| {
                let left = current.filter(|c| c.incarnation == incarnation && !c.values.is_empty());
                let Some(mut record) = left else { return Ok(Decision::Keep(())) };
                record.values.clear();
                Ok(Decision::Write(record, ()))
            })
            .await
    }

    /// Takes the lease on a folder. Another's is waited for.
    async fn lease(&self, place: &AccountFolder, of: LeaseFor) -> Result<Lease, Error> {
        let (own, id) = (place.account(), rand::random::<[u8; 16]>().to_vec());
        let deadline = Instant::now() + DELETE_TIMEOUT;
        let mut waited = false;
        loop {
            let began = Instant::now();
            let turn = self.records.change(&own, |current: Option<Account>| {
                let deleting = current.as_ref().is_some_and(|r| r.state() == AccountState::Deleting);
                let mut record = match current {
                    Some(record) if deleting && !abandoned(&record) => return Ok(Decision::Keep(None)),
                    Some(_) if !deleting && of == LeaseFor::OrphanedFolder => {
                        return Ok(Decision::Keep(Some(Lease::InUse)));
                    }
                    None if of == LeaseFor::Account => {
                        return Ok(Decision::Keep(Some(Lease::Absent { waited })));
                    }
                    other => other.unwrap_or_default(),
                };
                record.set_state(AccountState::Deleting);
                record.delete_id.clone_from(&id);
                record.delete_ms = now_ms();
                Ok(Decision::Write(record, Some(Lease::Acquired(began))))
            });
            if let Some(turn) = turn.await? {
                return Ok(turn);
            }
            if Instant::now() >= deadline {
                return Err(busy());
            }
            waited = true;
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Removes the folder of an account whose lease is ours.
    async fn erase(&self, place: &AccountFolder, began: Instant) -> Result<(), Error> {
        let store = self.records.store();
        for name in store.list(&place.folder, None, MAX_LIST).await? {
            if name != ACCOUNT {
                store.delete(&format!("{}/{name}", place.folder)).await?;
            }
        }
        if began.elapsed() > RENEWAL_INTERVAL {
            return Err(busy());
        }
        store.delete(&place.account()).await.map_err(Error::from)
    }
}

/// Whether a deletion was begun by someone who did not finish it.
pub(super) fn abandoned(record: &Account) -> bool {
    let age = now_ms().saturating_sub(record.delete_ms);
    record.state() == AccountState::Deleting && age > i64::try_from(LEASE_TTL.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn busy() -> Error {
    Error::new(Reason::Overloaded, "the account is being deleted; try again")
        .retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use granary_credential::{Key, Kind};

    use super::*;
    use crate::domain::records::Records;
    use granary_store::Embedded;

    /// An account whose deletion began so long ago, with what a writer left in its folder.
    async fn begun(age: Duration) -> (Accounts, Records, AccountFolder, Identifier, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
        let records = Records::new(Arc::new(store));
        let identifier = Identifier::parse("u").unwrap();
        let place = AccountFolder::of("acme", &identifier);
        let age = i64::try_from(age.as_millis()).unwrap();
        let mut record =
            Account { incarnation: vec![1; 16], delete_ms: now_ms() - age, ..Account::default() };
        record.set_state(AccountState::Deleting);
        assert!(records.create(&place.account(), record).await.unwrap());
        let left = Credential { incarnation: vec![1; 16], ..Credential::default() };
        assert!(records.create(&place.kind(Kind::ApifyToken), left).await.unwrap());
        (Accounts::new(records.clone()), records, place, identifier, dir)
    }

    #[tokio::test]
    async fn a_deletion_that_was_abandoned_is_finished_by_the_next_caller() {
        for delete in [true, false] {
            let (accounts, records, place, identifier, _dir) = begun(LEASE_TTL * 2).await;
            assert!(accounts.find("acme", &identifier).await.is_err());
            if delete {
                accounts.delete("acme", &identifier).await.unwrap();
                assert!(records.store().list(&place.folder, None, 9).await.unwrap().is_empty());
            } else {
                let (found, created) = accounts.get_or_create("acme", &identifier).await.unwrap();
                assert!(created && found.record.incarnation != [1; 16]);
                assert_eq!(records.store().list(&place.folder, None, 9).await.unwrap(), ["account"]);
            }
        }
    }

    #[tokio::test]
    async fn a_deletion_under_way_is_waited_for_and_nobody_else_removes_anything() {
        let (accounts, records, place, identifier, _dir) = begun(Duration::ZERO).await;
        let waiting = tokio::time::timeout(Duration::from_millis(300), accounts.delete("acme", &identifier));
        assert!(waiting.await.is_err());
        let waiting =
            tokio::time::timeout(Duration::from_millis(300), accounts.get_or_create("acme", &identifier));
        assert!(waiting.await.is_err());
        assert_eq!(records.store().list(&place.folder, None, 9).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn what_a_writer_left_is_nothing_to_the_account_made_again_and_goes_with_it() {
        let (accounts, records, place, identifier, _dir) = begun(LEASE_TTL * 2).await;
        records.store().delete(&place.account()).await.unwrap();
        let (found, _) = accounts.get_or_create("acme", &identifier).await.unwrap();
        assert!(accounts.show(&found).await.unwrap().credentials.is_empty());
        accounts.delete("acme", &identifier).await.unwrap();
        assert!(records.store().list(&place.folder, None, 9).await.unwrap().is_empty());
    }
}
