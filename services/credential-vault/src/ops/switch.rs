//! The store of the moment. It can be exchanged for another one while reads go on, and nothing changes meanwhile.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use granary_store::{Context, Error, Expect, Outage, Record, Store};
use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::ops::term::{self, Phase, Watch, moving};

/// Longest look at the term of a store, beside the one at the store itself.
const TERM_TIMEOUT: Duration = Duration::from_millis(1_500);

/// A store that stands for another one.
pub(crate) struct Switch {
    inner: ArcSwap<Arc<dyn Store>>,
    /// Writers share it; who moves everything has it alone.
    writers: RwLock<()>,
    term: Watch,
    /// Whether another process moved everything away.
    is_left: AtomicBool,
}

/// No writer is under way, and none begins, while this lives.
pub(crate) struct Quiet<'a> {
    switch: &'a Switch,
    _alone: RwLockWriteGuard<'a, ()>,
}

impl Switch {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            inner: ArcSwap::from_pointee(store),
            writers: RwLock::new(()),
            term: Watch::default(),
            is_left: AtomicBool::new(false),
        }
    }

    pub(crate) fn current(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.load())
    }

    /// Reads. Where the store was exchanged and closed meanwhile, the new one is asked: to a reader that is no outage.
    async fn read<T, F>(&self, ask: impl Fn(Arc<dyn Store>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if self.is_left.load(Ordering::Acquire) {
            return Err(term::left());
        }
        let asked = self.current();
        match ask(Arc::clone(&asked)).await {
            Err(Error::Unavailable { outage: Outage::Closed, .. })
                if !Arc::ptr_eq(&asked, &self.current()) =>
            {
                ask(self.current()).await
            }
            outcome => outcome,
        }
    }

    /// Writes, in the open term of the store.
    async fn write<T, F>(&self, work: impl FnOnce(Arc<dyn Store>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let _writer = self.writers.try_read().map_err(|_| moving())?;
        let store = self.current();
        if !store.is_shared() {
            return work(store).await;
        }
        term::write(store.as_ref(), &self.term, work(Arc::clone(&store))).await
    }

    /// Lets writers that are under way finish, and keeps others out.
    pub(crate) async fn quiet(&self) -> Quiet<'_> {
        Quiet { switch: self, _alone: self.writers.write().await }
    }
}

impl Quiet<'_> {
    /// From now on everything goes to another store.
    pub(crate) fn exchange(self, store: Arc<dyn Store>) {
        self.switch.inner.store(Arc::new(store));
    }
}

#[async_trait]
impl Store for Switch {
    async fn get(&self, path: &str) -> Result<Option<Record>, Error> {
        self.read(|store| async move { store.get(path).await }).await
    }

    async fn get_many(&self, paths: &[String]) -> Result<Vec<Option<Record>>, Error> {
        self.read(|store| async move { store.get_many(paths).await }).await
    }

    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error> {
        self.write(|store| async move { store.put(path, data, expect).await }).await
    }

    async fn create(&self, path: &str, data: Vec<u8>, mark: &str) -> Result<u64, Error> {
        self.write(|store| async move { store.create(path, data, mark).await }).await
    }

    async fn mark(&self, path: &str, mark: Option<&str>, version: u64) -> Result<u64, Error> {
        self.write(|store| async move { store.mark(path, mark, version).await }).await
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        self.write(|store| async move { store.delete(path).await }).await
    }

    async fn destroy_old(&self, path: &str) -> Result<u64, Error> {
        self.current().destroy_old(path).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        self.read(|store| async move { store.list(prefix, after, limit).await }).await
    }

    /// What is sealed now is put later, into the same store: so sealing counts as writing.
    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let _writer = self.writers.try_read().map_err(|_| moving())?;
        self.current().seal(context, plain).await
    }

    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.read(|store| async move { store.open(context, sealed).await }).await
    }

    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let _writer = self.writers.try_read().map_err(|_| moving())?;
        self.current().rewrap(context, sealed).await
    }

    async fn rotate(&self) -> Result<(), Error> {
        self.current().rotate().await
    }

    /// A store that was left is found here, too: whoever only reads would never come to its term.
    async fn check(&self) -> Result<(), Error> {
        let store = self.current();
        store.check().await?;
        if store.is_shared() {
            let slow = |_| Error::out(Outage::Slow, "the term of the store was not read in time");
            let phase = timeout(TERM_TIMEOUT, term::phase(store.as_ref())).await.map_err(slow)??;
            let is_left = phase == Phase::Left;
            // Where everything came back meanwhile, it is gone on with.
            self.is_left.store(is_left, Ordering::Release);
            if is_left {
                return Err(term::left());
            }
        }
        Ok(())
    }

    async fn close(&self) {
        self.current().close().await;
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Switch").field(&self.current()).finish()
    }
}

#[cfg(test)]
mod tests {
    use granary_credential::Key;

    use super::*;
    use granary_store::Embedded;

    #[tokio::test]
    async fn a_reader_that_began_on_the_store_that_was_left_is_answered_by_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = |name: &str| -> Arc<dyn Store> {
            Arc::new(Embedded::open(&dir.path().join(name), &Key::random()).unwrap())
        };
        let (left, new) = (store("left"), store("new"));
        new.put("system/there", b"new".to_vec(), Expect::Absent).await.unwrap();
        let switch = Switch::new(Arc::clone(&left));
        let (switch, new, left) = (&switch, &new, &left);
        let read = switch.read(|asked| async move {
            if Arc::ptr_eq(&asked, left) {
                switch.quiet().await.exchange(Arc::clone(new));
                left.close().await;
            }
            asked.get("system/there").await
        });
        assert_eq!(read.await.unwrap().expect("the record").data, b"new");

        // Where nothing was exchanged, a store that is closed is told.
        new.close().await;
        let told = switch.get("system/there").await;
        assert!(matches!(told, Err(Error::Unavailable { outage: Outage::Closed, .. })), "{told:?}");
    }
}
