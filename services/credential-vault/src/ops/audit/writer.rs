//! A thread of its own writes the lines, many at a time, with an fsync each second and whenever someone asks for it.
use std::io;
use std::mem::take;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use granary_rpc::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::attempts::Attempts;
use super::fault::AuditFault;
use super::file::LogFile;
use super::{Rotation, Slot};

/// Lines that may wait; then callers do.
const QUEUE: usize = 1_024;
/// Lines that are written at a time.
const BATCH: usize = 256;
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// How often writing is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
}

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Job {
    Line(Vec<u8>, oneshot::Sender<()>),
    Flush(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct Shared {
    fault: watch::Sender<Option<AuditFault>>,
    attempts: Mutex<Attempts>,
    reopen: Notify,
}

impl Writer {
    pub(super) fn start(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = LogFile::open(path, rotation)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let shared = Arc::new(Shared::default());
        let thread = Thread { file, shared: Arc::clone(&shared), rotate_after: Instant::now() };
        std::thread::Builder::new()
            .name("audit-writer".to_owned())
            .spawn(move || runtime.block_on(thread.run(queue)))?;
        Ok(Self { jobs, shared })
    }

    /// Keeps a slot for a line.
    pub(super) async fn slot(&self, patience: Instant) -> Result<Slot, Error> {
        let mut fault = self.shared.fault.subscribe();
        if let Some(fault) = *fault.borrow() {
            return Err(fault.error());
        }
        let permit = match self.jobs.clone().try_reserve_owned() {
            Ok(permit) => permit,
            Err(TrySendError::Closed(_)) => return Err(AuditFault::Failing.error()),
            Err(TrySendError::Full(jobs)) => {
                metrics::counter!("granary_vault_audit_waits_total").increment(1);
                let asked = async { jobs.reserve_owned().await.map_err(|_| AuditFault::Failing) };
                AuditFault::unless(&mut fault, patience, asked).await?
            }
        };
        Ok(Slot::new(permit, fault))
    }

    /// Counts a refusal that gets no line of its own.
    pub(super) fn attempt(&self, action: &'static str, outcome: &'static str) {
        self.shared.attempts.lock().unwrap_or_else(PoisonError::into_inner).add(action, outcome);
    }

    pub(super) fn fault(&self) -> watch::Receiver<Option<AuditFault>> {
        self.shared.fault.subscribe()
    }

    pub(super) fn reopen(&self) {
        self.shared.reopen.notify_one();
    }

    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let asked = async {
            if self.jobs.send(Job::Flush(done)).await.is_ok() {
                // An error here: the thread has ended, and synced before it did.
                let _ = flushed.await;
            }
        };
        if timeout(FLUSH_TIMEOUT, asked).await.is_err() {
            tracing::error!("the audit log could not be flushed in time");
        }
    }
}

/// The thread is this log's alone, so it may block.
struct Thread {
    file: LogFile,
    shared: Arc<Shared>,
    /// No earlier than this is another file begun.
    rotate_after: Instant,
}

impl Thread {
    /// Ends, after a last sync, when every sender is gone.
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let shared = Arc::clone(&self.shared);
        let mut tick = interval(SYNC_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut jobs = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                count = queue.recv_many(&mut jobs, BATCH) => match count {
                    0 => break,
                    _ => self.work(&mut jobs).await,
                },
                _ = tick.tick() => {
                    self.sum_up().await;
                    self.sync();
                }
                () = shared.reopen.notified() => {
                    self.reopen();
                }
            }
        }
        self.sum_up().await;
        self.sync();
    }

    async fn work(&mut self, jobs: &mut Vec<Job>) {
        let (mut bytes, mut told) = (Vec::new(), Vec::new());
        for job in jobs.drain(..) {
            match job {
                Job::Line(line, done) => {
                    if self.file.is_full_for(line.len(), bytes.len()) {
                        self.write(&take(&mut bytes), &mut told).await;
                        self.rotate();
                    }
                    bytes.extend_from_slice(&line);
                    told.push(done);
                }
                Job::Flush(done) => {
                    self.write(&take(&mut bytes), &mut told).await;
                    self.sum_up().await;
                    self.sync();
                    // An error here: whoever asked has stopped waiting.
                    let _ = done.send(());
                }
            }
        }
        self.write(&bytes, &mut told).await;
    }

    /// Writes lines whole, however long it takes, and tells those who wait for them.
    async fn write(&mut self, lines: &[u8], told: &mut Vec<oneshot::Sender<()>>) {
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failing(&error);
                    if self.pause().await {
                        // Another file: what is in it must begin with a line.
                        let whole = lines.get(..written).unwrap_or_default();
                        written = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                    }
                }
            }
        }
        if !lines.is_empty() {
            self.serves();
        }
        for done in told.drain(..) {
            // An error here: the caller is gone.
            let _ = done.send(());
        }
    }

    async fn sum_up(&mut self) {
        let lines = self.shared.attempts.lock().unwrap_or_else(PoisonError::into_inner).take();
        for line in lines {
            if self.file.is_full_for(line.len(), 0) {
                self.rotate();
            }
            self.write(&line, &mut Vec::new()).await;
        }
    }

    /// Waits before another attempt, and whether that is one with another file.
    async fn pause(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            () = sleep(RETRY_INTERVAL) => false,
            () = shared.reopen.notified() => self.reopen(),
        }
    }

    fn reopen(&mut self) -> bool {
        let outcome = self.file.reopen();
        match &outcome {
            Ok(()) => tracing::info!("the audit log was opened again"),
            Err(error) => tracing::error!(%error, "cannot open the audit log again; going on as before"),
        }
        outcome.is_ok()
    }

    /// Begins a new file. Where that fails, the one before goes on, and grows until a later attempt.
    fn rotate(&mut self) {
        if self.rotate_after > Instant::now() {
            return;
        }
        if let Err(error) = self.file.rotate() {
            tracing::error!(%error, "cannot begin a new file of the audit log; going on in the one before");
            self.rotate_after = Instant::now() + SYNC_INTERVAL;
        }
    }

    fn sync(&mut self) {
        match self.file.sync() {
            Ok(()) => self.serves(),
            Err(error) => self.failing(&error),
        }
    }

    fn failing(&self, error: &io::Error) {
        let now = Some(AuditFault::of(error));
        if self.shared.fault.send_if_modified(|fault| std::mem::replace(fault, now) != now) {
            tracing::error!(%error, "cannot write the audit log; trying again");
        }
    }

    fn serves(&self) {
        if self.shared.fault.send_if_modified(|fault| fault.take().is_some()) {
            tracing::info!("the audit log is written again");
        }
    }
}

#[cfg(test)]
mod tests;
