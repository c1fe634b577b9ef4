//! Who may write to a store that several processes use. A move of everything to another store begins a term of its own: every
//! process reads the term before each write, so that none writes to a store while it is copied, or after it was left.
//!
//! Whoever moves everything renews the term while it works. One that was not renewed for a while is taken over by the next
//! writer, by check-and-set, and so is lost to whoever held it: that move then ends without having moved anything.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use granary_store::{self as store, CALL_TIMEOUT, Expect, Outage, Store};
use prost::Message;
use tokio::time::{Instant, sleep, timeout_at};

use crate::domain::paths;
use crate::domain::time::now_ms;

/// How often whoever moves everything renews the term.
pub(crate) const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);
/// After how long without a renewal, by its own clock, a writer takes the term over.
const STALE_TTL: Duration = Duration::from_secs(10);
/// How long a move waits for writes that were begun in the term before: each ends within one call's time.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// When a writer may come back.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// `store/term`
#[derive(Clone, PartialEq, Message)]
struct Term {
    /// Counted up by whoever changes anything but a renewal.
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(enumeration = "Phase", tag = "2")]
    phase: i32,
    /// Who moves everything: 16 random bytes.
    #[prost(bytes = "vec", tag = "3")]
    owner: Vec<u8>,
    #[prost(int64, tag = "4")]
    change_ms: i64,
}

/// What may be done with a store. Without a record, everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Phase {
    Open = 0,
    /// Everything is being copied from it.
    Moving = 1,
    /// Everything is elsewhere.
    Left = 2,
    /// Everything is being copied into it.
    Filling = 3,
}

/// What one process remembers of a term that it found in the way.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Option<(u64, Instant)>>);

/// A term of whoever moves everything.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    owner: Vec<u8>,
    number: u64,
}

/// What may be done with a store now.
pub(crate) async fn phase(store: &dyn Store) -> Result<Phase, store::Error> {
    Ok(read(store).await?.0.phase())
}

/// Does a write in the open term of its store, which ends in one call's time.
pub(crate) async fn write<T>(
    store: &dyn Store,
    watch: &Watch,
    work: impl Future<Output = Result<T, store::Error>>,
) -> Result<T, store::Error> {
    let deadline = Instant::now() + CALL_TIMEOUT;
    let slow = |_| store::Error::out(Outage::Slow, "a write took too long");
    timeout_at(deadline, watch.open(store)).await.map_err(slow)??;
    if Instant::now() >= deadline {
        return Err(store::Error::out(Outage::Slow, "the term was read too late for a write"));
    }
    timeout_at(deadline, work).await.map_err(slow)?
}

impl Watch {
    /// Whether the term is open, or was left to itself and is by now.
    async fn open(&self, store: &dyn Store) -> Result<(), store::Error> {
        let (term, version) = read(store).await?;
        match term.phase() {
            Phase::Open => return Ok(()),
            Phase::Left => return Err(left()),
            Phase::Moving | Phase::Filling => {}
        }
        if !self.is_stale(version) || term.phase() == Phase::Filling {
            return Err(moving());
        }
        let open = Term { number: term.number + 1, ..Term::default() };
        match store.put(paths::TERM, open.encode_to_vec(), Expect::Version(version)).await {
            Ok(_) => {
                tracing::warn!("a move of everything ended without a word; the store is written to again");
                Ok(())
            }
            Err(store::Error::Conflict) => Err(moving()),
            Err(error) => Err(error),
        }
    }

    /// Whether a term has been of this version for too long.
    fn is_stale(&self, version: u64) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some((before, since)) if before == version => since.elapsed() >= STALE_TTL,
            _ => {
                *seen = Some((version, Instant::now()));
                false
            }
        }
    }
}

impl Held {
    /// Begins a term in which nobody but us works on a store. A move of somebody else that goes on is left alone; one that fell
    /// silent is waited out.
    pub(crate) async fn begin(store: &dyn Store, phase: Phase) -> Result<Self, store::Error> {
        let (watch, mut first) = (Watch::default(), None);
        let (term, version) = loop {
            let (term, version) = read(store).await?;
            match term.phase() {
                Phase::Moving if store.is_shared() && !watch.is_stale(version) => {}
                Phase::Left if phase == Phase::Moving => return Err(left()),
                _ => break (term, version),
            }
            if *first.get_or_insert(version) != version {
                return Err(moving());
            }
            sleep(RENEWAL_INTERVAL).await;
        };
        let owner = rand::random::<[u8; 16]>().to_vec();
        let held = Self { owner, number: term.number + 1 };
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        store.put(paths::TERM, held.term(phase).encode_to_vec(), expect).await?;
        Ok(held)
    }

    /// Renews it, or ends it in another phase.
    ///
    /// # Errors
    /// `Conflict`: it was taken over.
    pub(crate) async fn enter(&self, store: &dyn Store, phase: Phase) -> Result<(), store::Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (term, version) = read(store).await?;
            if term.owner != self.owner || term.number != self.number {
                return Err(store::Error::Conflict);
            }
            match store.put(paths::TERM, self.term(phase).encode_to_vec(), Expect::Version(version)).await {
                Ok(_) => return Ok(()),
                // A renewal of ours was faster, or the outcome is open: what stands there now tells.
                Err(store::Error::Conflict | store::Error::Unavailable { .. }) if tries < 3 => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn term(&self, phase: Phase) -> Term {
        Term { number: self.number, phase: phase.into(), owner: self.owner.clone(), change_ms: now_ms() }
    }
}

async fn read(store: &dyn Store) -> Result<(Term, u64), store::Error> {
    let Some(record) = store.get(paths::TERM).await? else { return Ok((Term::default(), 0)) };
    let term = Term::decode(record.data.as_slice())
        .map_err(|_| store::Error::Corrupt(format!("{} cannot be read", paths::TERM)))?;
    Ok((term, record.version))
}

pub(crate) fn left() -> store::Error {
    store::Error::out(Outage::Left, "everything was moved to another store by another process")
}

pub(crate) fn moving() -> store::Error {
    store::Error::Unavailable {
        retry: RETRY_DELAY,
        outage: Outage::Migrating,
        cause: "everything is being moved to another store".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use granary_credential::Key;

    use super::*;
    use granary_store::Embedded;

    fn store() -> (tempfile::TempDir, Arc<dyn Store>) {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
        (dir, Arc::new(store))
    }

    async fn put(store: &Arc<dyn Store>, watch: &Watch, path: &str) -> Result<u64, store::Error> {
        write(store.as_ref(), watch, store.put(path, b"x".to_vec(), Expect::Absent)).await
    }

    fn outage(outcome: Result<u64, store::Error>) -> Outage {
        match outcome {
            Err(store::Error::Unavailable { outage, .. }) => outage,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn nobody_writes_to_a_store_that_is_copied_or_was_left() {
        let (_dir, store) = store();
        let watch = Watch::default();
        put(&store, &watch, "a/1").await.unwrap();
        let held = Held::begin(store.as_ref(), Phase::Moving).await.unwrap();
        assert_eq!(outage(put(&store, &watch, "a/2").await), Outage::Migrating);
        held.enter(store.as_ref(), Phase::Left).await.unwrap();
        assert_eq!(outage(put(&store, &watch, "a/2").await), Outage::Left);
        assert_eq!(phase(store.as_ref()).await.unwrap(), Phase::Left);
        // Everything comes back.
        let held = Held::begin(store.as_ref(), Phase::Filling).await.unwrap();
        assert_eq!(outage(put(&store, &watch, "a/2").await), Outage::Migrating);
        held.enter(store.as_ref(), Phase::Open).await.unwrap();
        put(&store, &watch, "a/2").await.unwrap();
    }

    #[tokio::test]
    async fn a_move_that_fell_silent_is_taken_over_and_ends_without_having_moved_anything() {
        let (_dir, store) = store();
        let watch = Watch::default();
        let held = Held::begin(store.as_ref(), Phase::Moving).await.unwrap();
        assert_eq!(outage(put(&store, &watch, "a/1").await), Outage::Migrating);
        // Renewed in time, it goes on however long it takes.
        let aged = |by: Duration| {
            let mut seen = watch.0.lock().unwrap();
            let (version, since) = seen.unwrap();
            *seen = Some((version, since.checked_sub(by).expect("a machine that runs for longer")));
        };
        held.enter(store.as_ref(), Phase::Moving).await.unwrap();
        aged(STALE_TTL);
        assert_eq!(outage(put(&store, &watch, "a/1").await), Outage::Migrating);
        aged(STALE_TTL);
        put(&store, &watch, "a/1").await.unwrap();
        for phase in [Phase::Moving, Phase::Left] {
            let lost = held.enter(store.as_ref(), phase).await;
            assert!(matches!(lost, Err(store::Error::Conflict)), "{lost:?}");
        }
        assert_eq!(phase(store.as_ref()).await.unwrap(), Phase::Open);
    }
}
