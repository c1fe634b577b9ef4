//! Why the log cannot be written, and what a caller is told of it.
use std::io;
use std::time::Duration;

use granary_rpc::{Error, Reason};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use granary_store::disk;

/// When to try again; the log itself tries more often.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// Why a line cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuditFault {
    /// There is no room.
    Full,
    /// Writing fails otherwise.
    Failing,
    /// It takes longer than the call can wait.
    Slow,
}

impl AuditFault {
    pub(super) fn of(error: &io::Error) -> Self {
        if disk::is_full(error) { Self::Full } else { Self::Failing }
    }

    /// Waits for what the log has to do first: no longer than the call can, nor once nothing can be written.
    pub(super) async fn unless<T>(
        told: &mut watch::Receiver<Option<Self>>,
        patience: Instant,
        work: impl Future<Output = Result<T, Self>>,
    ) -> Result<T, Error> {
        let outcome = async {
            tokio::select! {
                biased;
                done = work => done,
                // An error here: the writer has ended.
                failing = told.wait_for(Option::is_some) => {
                    Err(failing.ok().and_then(|fault| *fault).unwrap_or(Self::Failing))
                }
            }
        };
        timeout_at(patience, outcome).await.unwrap_or(Err(Self::Slow)).map_err(Self::error)
    }

    /// Its name in errors and logs.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Full => "disk_full",
            Self::Failing => "failing",
            Self::Slow => "slow",
        }
    }

    /// What a call is told that cannot be written down.
    pub(crate) fn error(self) -> Error {
        let text = match self {
            Self::Full => "the disk of the audit log is full; what must be written down is refused",
            Self::Failing => "the audit log cannot be written; what must be written down is refused",
            Self::Slow => "the audit log was not written in time",
        };
        Error::new(Reason::StoreUnavailable, text)
            .with("cause", "audit")
            .with("audit", self.text())
            .retry_after(RETRY_DELAY)
    }
}
