//! A load that remembers what was acknowledged, and tells every answer that contradicts it.
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use granary_store::{Error, Expect, Record, Store};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Workers, each with a record that it alone writes.
const WORKERS: usize = 50;
/// Between two operations of a worker: all of them make 500 in a second.
const CALL_INTERVAL: Duration = Duration::from_millis(100);
/// Records that all of them write.
const SHARED: usize = 4;

/// What the workers share.
pub(crate) struct Load {
    store: Arc<dyn Store>,
    /// The newest acknowledged version of each worker's record.
    own: Vec<AtomicU64>,
    /// What was acknowledged to stand in each shared record.
    shared: Vec<Mutex<HashSet<u64>>>,
    wrong: Mutex<Vec<String>>,
    done: AtomicU64,
    failed: AtomicU64,
    slowest_ms: AtomicU64,
    end: CancellationToken,
}

/// One worker's record. Its data counts its versions.
struct Own {
    number: usize,
    version: u64,
    /// A write of the next version may have landed, or may still land.
    open: bool,
}

impl Load {
    pub(crate) fn start(store: Arc<dyn Store>) -> (Arc<Self>, JoinSet<()>) {
        let load = Arc::new(Self {
            store,
            own: (0..WORKERS).map(|_| AtomicU64::new(0)).collect(),
            shared: (0..SHARED).map(|_| Mutex::default()).collect(),
            wrong: Mutex::default(),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            slowest_ms: AtomicU64::new(0),
            end: CancellationToken::new(),
        });
        let mut workers = JoinSet::new();
        for number in 0..WORKERS {
            workers.spawn(Arc::clone(&load).work(Own { number, version: 0, open: false }));
        }
        (load, workers)
    }

    /// Operations that succeeded, that failed, and how long the slowest took.
    pub(crate) fn counts(&self) -> (u64, u64, Duration) {
        let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (read(&self.done), read(&self.failed), Duration::from_millis(read(&self.slowest_ms)))
    }

    /// Lets the workers finish, and looks whether everything acknowledged is there. Returns what contradicts it.
    pub(crate) async fn finish(&self, workers: JoinSet<()>) -> Vec<String> {
        self.end.cancel();
        workers.join_all().await;
        for number in 0..SHARED {
            let ids = self.read_shared(number).await.expect("all is well").1;
            let all: HashSet<u64> = ids.iter().copied().collect();
            if all.len() != ids.len() {
                self.say(format!("shared record {number} holds a write twice"));
            }
        }
        std::mem::take(&mut self.wrong.lock().unwrap())
    }

    async fn work(self: Arc<Self>, mut own: Own) {
        let mut tick = interval(CALL_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.end.run_until_cancelled(tick.tick()).await.is_some() {
            match rand::random_range(0..100) {
                0..15 => self.write(&mut own).await,
                15..20 => self.append(rand::random_range(0..SHARED)).await,
                _ => self.read(rand::random_range(0..WORKERS)).await,
            }
        }
        // What was acknowledged to this worker is there, and at most one write more.
        while own.open {
            self.settle(&mut own).await;
            if own.open {
                self.write(&mut own).await;
            }
        }
        let record = self.store.get(&path(own.number)).await.expect("all is well");
        let version = record.map_or(0, |record| record.version);
        if version != own.version {
            self.say(format!("record {} is of version {version}, not {}", own.number, own.version));
        }
    }

    async fn write(&self, own: &mut Own) {
        let expect = if own.version == 0 { Expect::Absent } else { Expect::Version(own.version) };
        let data = format!("{} {}", own.number, own.version + 1).into_bytes();
        match self.timed(self.store.put(&path(own.number), data, expect)).await {
            Ok(version) => {
                if version != own.version + 1 {
                    self.say(format!("{version} follows {} in record {}", own.version, own.number));
                }
                self.acknowledge(own, version);
            }
            Err(Error::Unavailable { .. }) => own.open = true,
            Err(Error::Conflict) if own.open => self.settle(own).await,
            Err(error) => self.say(format!("a write that nobody disturbed: {error:?}")),
        }
    }

    /// Looks what became of a write.
    async fn settle(&self, own: &mut Own) {
        let Ok(record) = self.timed(self.store.get(&path(own.number))).await else { return };
        let version = record.as_ref().map_or(0, |record| record.version);
        self.fits(own.number, own.version, record.as_ref());
        if version == own.version + 1 {
            self.acknowledge(own, version);
        } else if version != own.version {
            self.say(format!("{version} after {} in record {}", own.version, own.number));
        }
    }

    fn acknowledge(&self, own: &mut Own, version: u64) {
        *own = Own { number: own.number, version, open: false };
        self.own[own.number].fetch_max(version, Ordering::SeqCst);
    }

    async fn read(&self, number: usize) {
        let least = self.own[number].load(Ordering::SeqCst);
        match self.timed(self.store.get(&path(number))).await {
            Ok(record) => self.fits(number, least, record.as_ref()),
            Err(Error::Unavailable { .. }) => {}
            Err(error) => self.say(format!("a read: {error:?}")),
        }
    }

    fn fits(&self, number: usize, least: u64, record: Option<&Record>) {
        let version = record.map_or(0, |record| record.version);
        let data = record.map_or_else(Vec::new, |record| record.data.clone());
        let expected = if version == 0 { String::new() } else { format!("{number} {version}") };
        if version < least || data != expected.as_bytes() {
            self.say(format!("record {number}: {version} with {data:?}, at least {least} was acknowledged"));
        }
    }

    /// Adds an id to a shared record.
    async fn append(&self, number: usize) {
        let (version, mut ids) = match self.read_shared(number).await {
            Ok(read) => read,
            Err(Error::Unavailable { .. }) => return,
            Err(error) => return self.say(format!("a shared read: {error:?}")),
        };
        let id = rand::random();
        ids.push(id);
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let data = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
        match self.timed(self.store.put(&shared_path(number), data, expect)).await {
            Ok(_) => {
                self.shared[number].lock().unwrap().insert(id);
            }
            // Another one was faster, or nobody knows.
            Err(Error::Conflict | Error::Unavailable { .. }) => {}
            Err(error) => self.say(format!("a shared write: {error:?}")),
        }
    }

    async fn read_shared(&self, number: usize) -> Result<(u64, Vec<u64>), Error> {
        let acknowledged = self.shared[number].lock().unwrap().clone();
        let record = self.timed(self.store.get(&shared_path(number))).await?;
        let (version, data) = record.map_or((0, Vec::new()), |record| (record.version, record.data));
        let ids: Vec<u64> = data.as_chunks().0.iter().map(|bytes| u64::from_be_bytes(*bytes)).collect();
        let there: HashSet<u64> = ids.iter().copied().collect();
        let lost = acknowledged.difference(&there).count();
        if lost > 0 {
            self.say(format!("shared record {number} at {version} lacks {lost} acknowledged writes"));
        }
        Ok((version, ids))
    }

    async fn timed<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let begun = Instant::now();
        let outcome = call.await;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap();
        self.slowest_ms.fetch_max(took, Ordering::SeqCst);
        let count = if matches!(outcome, Err(Error::Unavailable { .. })) { &self.failed } else { &self.done };
        count.fetch_add(1, Ordering::SeqCst);
        outcome
    }

    fn say(&self, text: String) {
        self.wrong.lock().unwrap().push(text);
    }
}

fn path(number: usize) -> String {
    format!("system/load-{number}")
}

fn shared_path(number: usize) -> String {
    format!("system/load-shared-{number}")
}
