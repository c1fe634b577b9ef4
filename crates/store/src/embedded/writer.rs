//! The one thread that writes. Changes that wait at the same time share one durable commit.
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use redb::Database;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use super::access::Access;
use super::cipher::Cipher;
use super::commit::{Change, Waiting, commit};
use super::recover::{Recovery, outage_of};
use crate::{CALL_TIMEOUT, Error, Outage};

/// Changes that may wait; further callers wait for room.
const QUEUE: usize = 1_024;
/// Most changes in one commit.
const BATCH: usize = 256;

/// The handle of the thread.
pub(super) struct Writer {
    access: Arc<Access>,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

pub(super) enum Job {
    Change(Change, oneshot::Sender<Result<u64, Error>>),
    /// A read failed: look whether the database still works.
    Probe,
}

impl Writer {
    pub(super) fn start(path: &Path, cipher: &Cipher, access: &Arc<Access>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = Thread { access: Arc::clone(access), recovery: Recovery::new(path, cipher), queue };
        let thread =
            std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || thread.run())?;
        let (jobs, thread) = (Mutex::new(Some(jobs)), Mutex::new(Some(thread)));
        Ok(Self { access: Arc::clone(access), jobs, thread })
    }

    /// Makes a change and returns the record's version once it is durable.
    pub(super) async fn send(&self, change: Change) -> Result<u64, Error> {
        self.access.write()?;
        let jobs = self.jobs.lock().map_or(None, |slot| slot.clone());
        let jobs = jobs.ok_or_else(|| Error::unavailable("it is closed"))?;
        let (answer, answered) = oneshot::channel();
        let deadline = tokio::time::Instant::now() + CALL_TIMEOUT;
        let late = |_| Error::unavailable("a write took too long");
        timeout_at(deadline, jobs.send(Job::Change(change, answer)))
            .await
            .map_err(late)?
            .map_err(|_| Error::unavailable("the writer has ended"))?;
        timeout_at(deadline, answered)
            .await
            .map_err(late)?
            .map_err(|_| Error::unavailable("the writer has ended"))?
    }

    /// Has the database looked at, because a read failed.
    pub(super) fn suspect(&self) {
        let jobs = self.jobs.lock().map_or(None, |slot| slot.clone());
        // An error here: it is closed, or busy enough to find out by itself.
        let _ = jobs.map(|jobs| jobs.try_send(Job::Probe));
    }

    /// Lets the thread finish what waits, and waits for its end.
    pub(super) async fn close(&self) {
        if let Ok(mut slot) = self.jobs.lock() {
            slot.take();
        }
        let thread = self.thread.lock().map_or(None, |mut slot| slot.take());
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(CALL_TIMEOUT, joined).await.is_err() {
                tracing::error!("the store's writer did not end in time");
            }
        }
    }
}

/// The thread itself.
pub(super) struct Thread {
    pub(super) access: Arc<Access>,
    pub(super) recovery: Recovery,
    pub(super) queue: mpsc::Receiver<Job>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut jobs = vec![first];
            while jobs.len() < BATCH {
                match self.queue.try_recv() {
                    Ok(job) => jobs.push(job),
                    Err(_) => break,
                }
            }
            let Ok(database) = self.access.write() else { continue };
            if let Err(outage) = self.work(&database, jobs) {
                tracing::error!(cause = outage.text(), "the store's file fails; it is opened again");
                self.recover(database, outage);
            }
        }
    }

    /// Makes changes in one commit, and tells what came of each. An error is one after which nothing works.
    fn work(&self, database: &Database, jobs: Vec<Job>) -> Result<(), Outage> {
        let mut batch: Vec<Waiting> = Vec::with_capacity(jobs.len());
        let mut probe = false;
        for job in jobs {
            match job {
                // Whoever gave up was told that the outcome is open; not writing is the better of the two.
                Job::Change(change, answer) if !answer.is_closed() => batch.push((change, answer)),
                Job::Change(..) => {}
                Job::Probe => probe = true,
            }
        }
        let probed = if probe { self.recovery.probe(database) } else { Ok(()) };
        let outcome = probed.and_then(|()| commit(database, &batch));
        let outage = outcome.as_ref().err().and_then(outage_of);
        if let Some(outage) = outage {
            // Before anybody is told, so that a repeat finds it.
            self.access.take(outage);
        }
        for (index, (_, answer)) in batch.into_iter().enumerate() {
            let answered = match &outcome {
                Ok(results) => results.get(index).copied().flatten().ok_or(Error::Conflict),
                Err(cause) => Err(Error::out(outage.unwrap_or(Outage::Failing), cause)),
            };
            // An error here: the caller is gone.
            let _ = answer.send(answered);
        }
        outage.map_or(Ok(()), Err)
    }
}
