//! Deletion in three steps: the account is marked, its credentials are removed, then its own record.
//!
//! Whoever marks it holds a lease and is the only one to remove anything, so that nobody removes the record of an account
//! that was made again meanwhile. A lease that ran out is taken over by the next caller.
use std::time::Duration;

use granary_rpc::{Error, Identifier, Reason};
use tokio::time::{Instant, sleep};

use super::{Accounts, PATIENCE, Place, missing};
use crate::documents::{Account, AccountState, Credential};
use crate::paths::ACCOUNT;
use crate::records::Decision;
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
    /// There is an account, and it is to stay.
    Lives,
}

impl Accounts {
    /// Deletes an account with every version of its credentials.
    pub(crate) async fn delete(&self, tenant: &str, identifier: &Identifier) -> Result<(), Error> {
        let place = Place::of(tenant, identifier);
        let deadline = Instant::now() + PATIENCE;
        let mut waited = false;
        self.withdraw(&place).await?;
        loop {
            let began = Instant::now();
            match self.mark_deleting(&place).await? {
                Turn::Mine => return self.erase(&place, began).await,
                Turn::Gone if waited => return Ok(()),
                Turn::Gone | Turn::Lives => return Err(missing(identifier)),
                Turn::Anothers if Instant::now() >= deadline => return Err(busy()),
                Turn::Anothers => waited = true,
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn mark_deleting(&self, place: &Place) -> Result<Turn, Error> {
        let id = rand::random::<[u8; 16]>().to_vec();
        self.records
            .change(&place.account(), |current: Option<Account>| {
                let Some(mut record) = current else { return Ok(Decision::Keep(Turn::Gone)) };
                if record.state() == AccountState::Deleting && !abandoned(&record) {
                    return Ok(Decision::Keep(Turn::Anothers));
                }
                lease(&mut record, &id);
                Ok(Decision::Write(record, Turn::Mine))
            })
            .await
    }

    /// Removes what a writer put into a folder whose account was deleted meanwhile: nobody makes the account again while a
    /// lease on the folder is held. Where it has been made again already, the record is emptied and left to its deletion.
    pub(crate) async fn bury(&self, place: &Place, path: &str, incarnation: &[u8]) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let (own, id) = (place.account(), rand::random::<[u8; 16]>().to_vec());
        loop {
            let began = Instant::now();
            let turn = self.records.change(&own, |current: Option<Account>| {
                let mut record = match current {
                    Some(record) if record.state() != AccountState::Deleting => {
                        return Ok(Decision::Keep(Turn::Lives));
                    }
                    Some(record) if !abandoned(&record) => return Ok(Decision::Keep(Turn::Anothers)),
                    other => other.unwrap_or_default(),
                };
                lease(&mut record, &id);
                Ok(Decision::Write(record, Turn::Mine))
            });
            match turn.await? {
                Turn::Mine => return self.erase(place, began).await,
                Turn::Lives | Turn::Gone => break,
                Turn::Anothers if Instant::now() >= deadline => return Err(busy()),
                Turn::Anothers => sleep(Duration::from_millis(50)).await,
            }
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

    /// Removes the folder of an account whose lease is ours.
    async fn erase(&self, place: &Place, began: Instant) -> Result<(), Error> {
        let store = self.records.store();
        for name in store.list(&place.folder, None, MAX_LIST).await? {
            if name != ACCOUNT {
                store.delete(&format!("{}/{name}", place.folder)).await?;
            }
        }
        if began.elapsed() > OWNED {
            return Err(busy());
        }
        store.delete(&place.account()).await.map_err(Error::from)
    }
}

fn lease(record: &mut Account, id: &[u8]) {
    record.set_state(AccountState::Deleting);
    record.delete_id = id.to_vec();
    record.delete_ms = now_ms();
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use granary_credential::{Key, Kind};

    use super::*;
    use crate::records::Records;
    use crate::store::Embedded;

    /// An account whose deletion began so long ago, with what a writer left in its folder.
    async fn begun(age: Duration) -> (Accounts, Records, Place, Identifier, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
        let records = Records::new(Arc::new(store));
        let identifier = Identifier::parse("u").unwrap();
        let place = Place::of("acme", &identifier);
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
            let (accounts, records, place, identifier, _dir) = begun(LEASE * 2).await;
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
        let (accounts, records, place, identifier, _dir) = begun(LEASE * 2).await;
        records.store().delete(&place.account()).await.unwrap();
        let (found, _) = accounts.get_or_create("acme", &identifier).await.unwrap();
        assert!(accounts.show(&found).await.unwrap().credentials.is_empty());
        accounts.delete("acme", &identifier).await.unwrap();
        assert!(records.store().list(&place.folder, None, 9).await.unwrap().is_empty());
    }
}
