//! A store that remembers what it was asked, and fails when told to.
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use granary_credential_vault::store::{Context, Embedded, Error, Expect, Record, Store};
use zeroize::Zeroizing;

pub(crate) struct Counting {
    inner: Arc<dyn Store>,
    opened: Mutex<Vec<Context>>,
    read: Mutex<Vec<String>>,
    /// Puts that are still to be done and then reported as unavailable.
    lost_answers: AtomicUsize,
    /// Operations that are still to work before any fails.
    working: AtomicUsize,
    /// Operations that are still to fail.
    outage: AtomicUsize,
    /// Holds puts of credentials back, to let others overtake them.
    pub(crate) gate: Mutex<Option<Arc<tokio::sync::Notify>>>,
}

impl Counting {
    pub(crate) fn new(inner: Embedded) -> Self {
        Self::over(Arc::new(inner))
    }

    pub(crate) fn over(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            opened: Mutex::default(),
            read: Mutex::default(),
            lost_answers: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            outage: AtomicUsize::new(0),
            gate: Mutex::new(None),
        }
    }

    /// Forgets what it was asked so far.
    pub(crate) fn reset(&self) {
        self.opened.lock().unwrap().clear();
        self.read.lock().unwrap().clear();
    }

    pub(crate) fn opened(&self) -> Vec<Context> {
        self.opened.lock().unwrap().clone()
    }

    /// The last segments of the paths that were read.
    pub(crate) fn read_names(&self) -> Vec<String> {
        self.read.lock().unwrap().iter().map(|p| p.rsplit('/').next().unwrap().to_owned()).collect()
    }

    pub(crate) fn lose_answers(&self, count: usize) {
        self.lost_answers.store(count, Ordering::SeqCst);
    }

    pub(crate) fn fail(&self, count: usize) {
        self.fail_after(0, count);
    }

    pub(crate) fn fail_after(&self, working: usize, count: usize) {
        self.working.store(working, Ordering::SeqCst);
        self.outage.store(count, Ordering::SeqCst);
    }

    fn may(&self) -> Result<(), Error> {
        if !take(&self.working) && take(&self.outage) {
            Err(Error::unavailable("a test says so"))
        } else {
            Ok(())
        }
    }
}

fn take(count: &AtomicUsize) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

#[async_trait]
impl Store for Counting {
    async fn get(&self, path: &str) -> Result<Option<Record>, Error> {
        self.may()?;
        self.read.lock().unwrap().push(path.to_owned());
        self.inner.get(path).await
    }

    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error> {
        self.may()?;
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate.filter(|_| path.ends_with("_token")) {
            gate.notified().await;
        }
        let version = self.inner.put(path, data, expect).await?;
        if take(&self.lost_answers) {
            return Err(Error::unavailable("the answer was lost"));
        }
        Ok(version)
    }

    async fn mark(&self, path: &str, mark: Option<&str>, version: u64) -> Result<u64, Error> {
        self.may()?;
        self.inner.mark(path, mark, version).await
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        self.may()?;
        self.inner.delete(path).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        self.may()?;
        self.inner.list(prefix, after, limit).await
    }

    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.inner.seal(context, plain).await
    }

    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.opened.lock().unwrap().push(context.clone());
        self.inner.open(context, sealed).await
    }

    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.inner.rewrap(context, sealed).await
    }

    async fn rotate(&self) -> Result<(), Error> {
        self.inner.rotate().await
    }

    async fn check(&self) -> Result<(), Error> {
        self.inner.check().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

impl fmt::Debug for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counting")
    }
}
