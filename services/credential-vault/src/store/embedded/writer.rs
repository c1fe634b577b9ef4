//! The one thread that writes. Changes that wait at the same time share one durable commit.
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use redb::{Database, ReadableTable};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::file::{RECORDS, encode_record, key_of, read_record};
use crate::store::{CALL, Error, Expect, Record};

/// Changes that may wait; further callers wait for room.
const QUEUE: usize = 1_024;
/// Most changes in one commit.
const BATCH: usize = 256;

/// One change of one record.
#[derive(Debug)]
pub(super) enum Change {
    Put { path: String, data: Vec<u8>, expect: Expect },
    Mark { path: String, mark: Option<String>, version: u64 },
    Delete { path: String },
}

/// The handle of the thread.
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Job {
    change: Change,
    answer: oneshot::Sender<Result<u64, Error>>,
}

impl Writer {
    pub(super) fn start(database: Arc<Database>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&database, queue))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Makes a change and returns the record's version once it is durable.
    pub(super) async fn send(&self, change: Change) -> Result<u64, Error> {
        let jobs = self.jobs.lock().map_or(None, |slot| slot.clone());
        let jobs = jobs.ok_or_else(|| Error::unavailable("it is closed"))?;
        let (answer, answered) = oneshot::channel();
        let deadline = Instant::now() + CALL;
        let late = |_| Error::unavailable("a write took too long");
        timeout_at(deadline, jobs.send(Job { change, answer }))
            .await
            .map_err(late)?
            .map_err(|_| Error::unavailable("the writer has ended"))?;
        timeout_at(deadline, answered)
            .await
            .map_err(late)?
            .map_err(|_| Error::unavailable("the writer has ended"))?
    }

    /// Lets the thread finish what waits, and waits for its end.
    pub(super) async fn close(&self) {
        if let Ok(mut slot) = self.jobs.lock() {
            slot.take();
        }
        let thread = self.thread.lock().map_or(None, |mut slot| slot.take());
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(CALL, joined).await.is_err() {
                tracing::error!("the store's writer did not end in time");
            }
        }
    }
}

fn run(database: &Database, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match queue.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        // Whoever gave up was told that the outcome is open; not writing is the better of the two.
        batch.retain(|job| !job.answer.is_closed());
        let outcome = commit(database, &batch);
        for (index, job) in batch.into_iter().enumerate() {
            let answer = match &outcome {
                Ok(results) => results.get(index).copied().flatten().ok_or(Error::Conflict),
                Err(cause) => Err(Error::unavailable(cause)),
            };
            // An error here: the caller is gone.
            let _ = job.answer.send(answer);
        }
    }
}

/// Applies a batch in one transaction: a version for each change, `None` for one whose expectation failed.
fn commit(database: &Database, batch: &[Job]) -> Result<Vec<Option<u64>>, redb::Error> {
    let write = database.begin_write()?;
    let mut results = Vec::with_capacity(batch.len());
    {
        let mut table = write.open_table(RECORDS)?;
        for job in batch {
            let (path, after) = match &job.change {
                Change::Delete { path } => {
                    table.remove(key_of(path).as_str())?;
                    results.push(Some(0));
                    continue;
                }
                Change::Put { path, data, expect } => (path, put(current(&table, path)?, data, *expect)),
                Change::Mark { path, mark, version } => {
                    (path, marked(current(&table, path)?, mark, *version))
                }
            };
            if let Some(record) = &after {
                table.insert(key_of(path).as_str(), encode_record(record).as_slice())?;
            }
            results.push(after.map(|record| record.version));
        }
    }
    write.commit()?;
    Ok(results)
}

/// What a put makes of a record.
fn put(current: Option<Record>, data: &[u8], expect: Expect) -> Option<Record> {
    let version = current.map(|record| record.version);
    let fits = match expect {
        Expect::Absent => version.is_none(),
        Expect::Version(expected) => version == Some(expected),
    };
    fits.then(|| Record { data: data.to_vec(), version: version.unwrap_or_default() + 1, mark: None })
}

/// What a mark makes of a record.
fn marked(current: Option<Record>, mark: &Option<String>, version: u64) -> Option<Record> {
    let record = current.filter(|record| record.version == version)?;
    Some(Record { version: version + 1, mark: mark.clone(), ..record })
}

fn current(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    path: &str,
) -> Result<Option<Record>, redb::Error> {
    read_record(table, path).map_err(|error| redb::Error::Corrupted(error.to_string()))
}
