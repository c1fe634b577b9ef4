//! Typed records over the store, and the one way in which they change: by check-and-set, repeated while others win.
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use granary_rpc::{Error, Reason};
use granary_store::{self as store, Expect, Record, Store};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout_at};

use crate::domain::documents::Document;

/// Longest time that a change tries for.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Most attempts of a change. Writers of one process queue up, so only other replicas make attempts fail.
const ATTEMPTS: u32 = 20;
/// Locks that all paths share.
const LOCKS: usize = 256;

/// The records of the store.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    store: Arc<dyn Store>,
    locks: Arc<Vec<Mutex<()>>>,
    hasher: RandomState,
}

/// A record as it was read.
pub(crate) struct Seen<D> {
    pub(crate) document: D,
    pub(crate) version: u64,
    pub(crate) mark: Option<String>,
}

/// What a change comes to.
pub(crate) enum Decision<D, T> {
    /// Write this.
    Write(D, T),
    /// Leave everything as it is.
    Keep(T),
}

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        Self { store, locks: Arc::new(locks), hasher: RandomState::new() }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) async fn get<D: Document>(&self, path: &str) -> Result<Option<D>, Error> {
        decode(self.store.get(path).await?.as_ref())
    }

    /// A record with its version and its mark.
    pub(crate) async fn see<D: Document>(&self, path: &str) -> Result<Option<Seen<D>>, Error> {
        let record = self.store.get(path).await?;
        let Some(document) = decode(record.as_ref())? else { return Ok(None) };
        Ok(record.map(|Record { version, mark, .. }| Seen { document, version, mark }))
    }

    pub(crate) async fn get_many<D: Document>(&self, paths: &[String]) -> Result<Vec<Option<D>>, Error> {
        let records = self.store.get_many(paths).await?;
        records.iter().map(|record| decode(record.as_ref())).collect()
    }

    /// Creates a record; `false` if there is one already.
    pub(crate) async fn create<D: Document>(&self, path: &str, document: D) -> Result<bool, Error> {
        self.change(path, |current: Option<D>| {
            Ok(match current {
                Some(_) => Decision::Keep(false),
                None => Decision::Write(document.clone(), true),
            })
        })
        .await
    }

    /// Changes a record as `decide` says, which is asked again whenever another writer was faster.
    pub(crate) async fn change<D: Document, T>(
        &self,
        path: &str,
        decide: impl FnMut(Option<D>) -> Result<Decision<D, T>, Error>,
    ) -> Result<T, Error> {
        self.change_at(path, decide).await.map(|(outcome, _)| outcome)
    }

    /// The same, with the record's version after it; 0 where there is none.
    pub(crate) async fn change_at<D: Document, T>(
        &self,
        path: &str,
        mut decide: impl FnMut(Option<D>) -> Result<Decision<D, T>, Error>,
    ) -> Result<(T, u64), Error> {
        let deadline = Instant::now() + CHANGE_TIMEOUT;
        let _turn = self.turn(path, deadline).await?;
        // Writes whose outcome is open, with what they would have come to.
        let mut open: Vec<(Vec<u8>, T)> = Vec::new();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.attempt(path, &mut decide, &mut open).await {
                Ok(outcome) => return Ok(outcome),
                Err(Attempt::Final(error)) => return Err(error),
                Err(Attempt::Again(failure)) => failure,
            };
            if attempt == ATTEMPTS || Instant::now() >= deadline {
                return Err(failure.into());
            }
            metrics::counter!("granary_vault_store_retries_total").increment(1);
            sleep(backoff(attempt)).await;
        }
    }

    async fn attempt<D: Document, T>(
        &self,
        path: &str,
        decide: &mut impl FnMut(Option<D>) -> Result<Decision<D, T>, Error>,
        open: &mut Vec<(Vec<u8>, T)>,
    ) -> Result<(T, u64), Attempt> {
        let record = self.store.get(path).await.map_err(|error| retry(error, !open.is_empty()))?;
        let version = record.as_ref().map_or(0, |record| record.version);
        let mut current: Option<D> = decode(record.as_ref()).map_err(Attempt::Final)?;
        if let Some(current) = &mut current {
            let id = current.write_id();
            if let Some(landed) = open.iter().position(|(open_id, _)| open_id == id) {
                return Ok((open.swap_remove(landed).1, version));
            }
        }
        let (mut document, outcome) = match decide(current).map_err(Attempt::Final)? {
            Decision::Keep(outcome) => return Ok((outcome, version)),
            Decision::Write(document, outcome) => (document, outcome),
        };
        let id = rand::random::<[u8; 16]>().to_vec();
        document.write_id().clone_from(&id);
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        match self.store.put(path, document.encode_to_vec(), expect).await {
            Ok(version) => Ok((outcome, version)),
            Err(error) => {
                if matches!(error, store::Error::Unavailable { .. }) {
                    open.push((id, outcome));
                }
                Err(retry(error, true))
            }
        }
    }

    /// Writers of one process take turns, so that they need not find out about one another through the store.
    async fn turn(&self, path: &str, deadline: Instant) -> Result<MutexGuard<'_, ()>, Error> {
        let index = usize::try_from(self.hasher.hash_one(path) % LOCKS as u64).unwrap_or_default();
        let overloaded = || Error::from(store::Error::Conflict);
        let lock = self.locks.get(index).ok_or_else(overloaded)?;
        timeout_at(deadline, lock.lock()).await.map_err(|_| overloaded())
    }
}

enum Attempt {
    Again(store::Error),
    Final(Error),
}

/// A read that fails before anything was written is the caller's to repeat; after a write, its outcome is worth a look.
fn retry(error: store::Error, wrote: bool) -> Attempt {
    match error {
        store::Error::Conflict => Attempt::Again(error),
        store::Error::Unavailable { outage, .. } if wrote && !outage.lasts() => Attempt::Again(error),
        other => Attempt::Final(other.into()),
    }
}

/// Between half and all of 4 ms, doubled each time up to 512 ms.
fn backoff(attempt: u32) -> Duration {
    let full = 4_000_u64 << attempt.min(7);
    Duration::from_micros(rand::random_range(full / 2..=full))
}

fn decode<D: Document>(record: Option<&Record>) -> Result<Option<D>, Error> {
    let Some(record) = record else { return Ok(None) };
    D::decode(record.data.as_slice())
        .map(Some)
        .map_err(|e| Error::new(Reason::Internal, "the credential store holds damaged data").caused_by(e))
}
