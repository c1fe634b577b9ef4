//! The audit log: one JSON line for each change, ticket, and refusal of a caller who is known; one each second for all alike
//! refusals of callers who are not. Nothing in it is secret, and nothing is left out: a call is answered once its line is
//! written, and refused where that cannot be.
mod attempts;
mod entry;
mod fault;
mod file;
mod slot;
mod writer;

use std::path::Path;
use std::time::Duration;

use granary_rpc::{Error, reason};
use tokio::sync::watch;

use writer::Writer;

pub(crate) use entry::Entry;
pub(crate) use fault::AuditFault;
pub(crate) use slot::Slot;

/// Longest wait of a call for its line, where its deadline is further away.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the lines go.
#[derive(Debug, Default)]
pub struct Audit(Option<Writer>);

/// When the log goes on in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Largest file, in bytes. 0: no bound.
    pub max_bytes: u64,
    /// How many earlier files are kept, as `NAME.1` (the newest) and so on.
    pub files: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { max_bytes: 64 * 1024 * 1024, files: 8 }
    }
}

impl Audit {
    /// No log.
    pub fn none() -> Self {
        Self(None)
    }

    /// Appends to a file, which is made with mode 0600 where there is none; one that is open to others is closed to them.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn to_file(path: &Path, rotation: Rotation) -> std::io::Result<Self> {
        Writer::start(path, rotation).map(|writer| Self(Some(writer)))
    }

    /// Keeps a slot for a line, before there is anything to write down: whoever holds one gets its line written. It is waited
    /// for as long as the call may wait, and refused at once while nothing can be written.
    pub(crate) async fn slot(&self, entry: &Entry) -> Result<Slot, Error> {
        match &self.0 {
            Some(writer) => writer.slot(entry.patience()).await,
            None => Ok(Slot::nowhere()),
        }
    }

    /// Writes a line, and returns once it is written.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), Error> {
        let (slot, patience) = (self.slot(&entry).await?, entry.patience());
        slot.take(&entry).written(patience).await
    }

    /// Writes a refusal down, and returns what the caller is told. Where nobody is known to call, it is only counted.
    pub(crate) async fn refuse(&self, entry: Entry, error: Error) -> Error {
        if entry.is_anonymous() {
            if let Some(writer) = &self.0 {
                writer.attempt(entry.action(), reason::name(error.reason()));
            }
            return error;
        }
        self.record(entry.refused(&error)).await.err().unwrap_or(error)
    }

    /// Returns once everything recorded so far is on the disk, or has failed to get there for five seconds.
    pub async fn flush(&self) {
        if let Some(writer) = &self.0 {
            writer.flush().await;
        }
    }

    /// Goes on in whatever stands under the file's name by now: what was moved away is left there.
    pub fn reopen(&self) {
        if let Some(writer) = &self.0 {
            writer.reopen();
        }
    }

    /// Why nothing can be written; `None` while it can.
    pub(crate) fn fault(&self) -> watch::Receiver<Option<AuditFault>> {
        self.0.as_ref().map_or_else(|| watch::channel(None).1, Writer::fault)
    }
}
