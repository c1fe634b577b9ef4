//! A store that remembers what it was asked, and fails when told to.
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use granary_store::{Context, Embedded, Error, Expect, Record, Store};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

pub(crate) struct Counting {
    inner: Arc<dyn Store>,
    opened: Mutex<Vec<Context>>,
    read: Mutex<Vec<String>>,
    /// The value that was opened last, as it is sealed.
    sealed: Mutex<Vec<u8>>,
    /// Reads of a credential that are still to show its value as another store had sealed it.
    moved: AtomicUsize,
    /// Puts that are still to be done and then reported as unavailable.
    lost_answers: AtomicUsize,
    /// Operations that are still to work before any fails.
    working: AtomicUsize,
    /// Operations that are still to fail.
    outage: AtomicUsize,
    /// How long a read takes, and how many there may be at a time.
    slow: Mutex<Option<(Duration, Arc<Semaphore>)>>,
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
            sealed: Mutex::default(),
            moved: AtomicUsize::new(0),
            lost_answers: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            outage: AtomicUsize::new(0),
            slow: Mutex::default(),
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

    /// Lets so many reads be under way at a time, and each take so long; the others wait in the order in which they came.
    pub(crate) fn slow_down(&self, reads: usize, each: Duration) {
        *self.slow.lock().unwrap() = Some((each, Arc::new(Semaphore::new(reads))));
    }

    /// Shows the value that was opened last as another store had sealed it, so many times.
    pub(crate) fn move_away(&self, reads: usize) {
        self.moved.store(reads, Ordering::SeqCst);
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
        let slow = self.slow.lock().unwrap().clone();
        if let Some((each, places)) = slow {
            let _place = places.acquire().await.unwrap();
            tokio::time::sleep(each).await;
        }
        let mut record = self.inner.get(path).await?;
        if let Some(record) = record.as_mut().filter(|_| path.ends_with("_token") && take(&self.moved)) {
            let sealed = self.sealed.lock().unwrap().clone();
            let at = record.data.windows(sealed.len()).position(|part| part == sealed).unwrap();
            record.data[at + sealed.len() - 1] ^= 1;
        }
        Ok(record)
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
        let opened = self.inner.open(context, sealed).await?;
        sealed.clone_into(&mut self.sealed.lock().unwrap());
        Ok(opened)
    }

    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.inner.rewrap(context, sealed).await
    }

    async fn destroy_old(&self, path: &str) -> Result<u64, Error> {
        self.inner.destroy_old(path).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
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
