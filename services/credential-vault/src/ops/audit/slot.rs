//! A slot in the queue of the log that is kept for one call, and the word that its line is written.
use granary_rpc::Error;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::entry::Entry;
use super::fault::AuditFault;
use super::writer::Job;

/// A slot for one line. One that is dropped is given to others.
#[derive(Debug)]
pub(crate) struct Slot(Option<(OwnedPermit<Job>, watch::Receiver<Option<AuditFault>>)>);

/// Tells when a line is written. The line is written whether or not anybody waits for that.
#[derive(Debug)]
pub(crate) struct Receipt(Option<(oneshot::Receiver<()>, watch::Receiver<Option<AuditFault>>)>);

impl Slot {
    pub(super) fn new(permit: OwnedPermit<Job>, fault: watch::Receiver<Option<AuditFault>>) -> Self {
        Self(Some((permit, fault)))
    }

    /// A slot in no log.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Puts the line into its slot.
    pub(crate) fn take(self, entry: &Entry) -> Receipt {
        self.take_line(entry.line())
    }

    pub(super) fn take_line(self, line: Vec<u8>) -> Receipt {
        Receipt(self.0.map(|(permit, fault)| {
            let (done, written) = oneshot::channel();
            permit.send(Job::Line(line, done));
            (written, fault)
        }))
    }
}

impl Receipt {
    /// Returns once the line is written, or it is known that this takes longer than the call can wait.
    pub(crate) async fn written(self, patience: Instant) -> Result<(), Error> {
        let Some((written, mut fault)) = self.0 else { return Ok(()) };
        // An error here: the writer has ended.
        let written = async { written.await.map_err(|_| AuditFault::Failing) };
        AuditFault::unless(&mut fault, patience, written).await
    }
}
