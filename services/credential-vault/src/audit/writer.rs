//! A thread of its own writes the lines, with an fsync each second and whenever someone asks for it.
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval, sleep, timeout};

/// Lines that may wait; then callers do.
const QUEUE: usize = 1_024;
const SYNC: Duration = Duration::from_secs(1);
const FLUSH: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Writer(mpsc::Sender<Job>);

#[derive(Debug)]
enum Job {
    Line(Vec<u8>),
    Flush(oneshot::Sender<()>),
}

impl Writer {
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        std::thread::Builder::new()
            .name("audit-writer".to_owned())
            .spawn(move || runtime.block_on(run(file, queue)))?;
        Ok(Self(jobs))
    }

    pub(super) async fn send(&self, line: Vec<u8>) {
        if self.0.capacity() == 0 {
            metrics::counter!("granary_vault_audit_waits_total").increment(1);
        }
        if self.0.send(Job::Line(line)).await.is_err() {
            tracing::error!("the audit writer has ended");
        }
    }

    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let asked = async {
            if self.0.send(Job::Flush(done)).await.is_ok() {
                // An error here: the thread has ended, and synced before it did.
                let _ = flushed.await;
            }
        };
        if timeout(FLUSH, asked).await.is_err() {
            tracing::error!("the audit log could not be flushed in time");
        }
    }
}

/// Ends, after a last sync, when every sender is gone. The thread is this log's alone, so it may block.
async fn run(mut file: File, mut queue: mpsc::Receiver<Job>) {
    let mut sync = interval(SYNC);
    let mut dirty = false;
    loop {
        tokio::select! {
            job = queue.recv() => match job {
                Some(Job::Line(line)) => {
                    write(&mut file, &line).await;
                    dirty = true;
                }
                Some(Job::Flush(done)) => {
                    dirty = dirty && !synced(&file);
                    // An error here: whoever asked has stopped waiting.
                    let _ = done.send(());
                }
                None => break,
            },
            _ = sync.tick(), if dirty => dirty = !synced(&file),
        }
    }
    synced(&file);
}

/// Writes a line whole, however long it takes: a full disk stops the callers rather than the log.
async fn write(file: &mut File, mut line: &[u8]) {
    while !line.is_empty() {
        match file.write(line) {
            Ok(written) => line = line.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "cannot write the audit log; trying again");
                sleep(SYNC).await;
            }
        }
    }
}

fn synced(file: &File) -> bool {
    match file.sync_data() {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "cannot sync the audit log");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_line_is_there_after_a_flush_even_when_the_queue_was_full() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let writer = Writer::start(&path).unwrap();
        let lines = (0..3 * QUEUE).map(|n| writer.send(format!("{n}\n").into_bytes()));
        futures_util::future::join_all(lines).await;
        writer.flush().await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3 * QUEUE);
    }
}
