//! What is done to everything in the store: sealing it anew, and moving it elsewhere. Run by credential-vault itself, one at a
//! time, while calls go on; whoever asked may go away, and may come back to see how far it is.
pub(crate) mod migrate;
pub(crate) mod rewrap;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, TryStreamExt, stream};
use granary_rpc::{Error, Reason};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use granary_store::Store;
use granary_store::walk::Walk;

use crate::domain::paths::TREE;

/// Records that are worked on at a time.
const AT_ONCE: usize = 16;

/// How far the work has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) phase: Phase,
    /// Records of this phase that are done.
    pub(crate) done: u64,
    /// Records in all; 0 while they are being counted.
    pub(crate) total: u64,
    /// Records that had to be written, in all phases.
    pub(crate) changed: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Counting,
    Working,
    Verifying,
    Done,
}

/// Sender of progress.
pub(crate) type Teller = watch::Sender<Result<Progress, Error>>;
/// Receiver of progress; it closes when the work ends.
pub(crate) type Listener = watch::Receiver<Result<Progress, Error>>;

/// The work under way, if there is any.
#[derive(Debug, Default)]
pub(crate) struct Upkeep(Mutex<Option<(Work, Listener)>>);

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Rewrap,
    Migrate,
}

impl Upkeep {
    /// Starts the work, or listens to the same work that is under way already.
    pub(crate) fn start<F>(
        &self,
        kind: Work,
        tasks: &TaskTracker,
        work: impl FnOnce(Teller) -> F,
    ) -> Result<Listener, Error>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((running, listener)) = &*slot
            && listener.has_changed().is_ok()
        {
            if *running == kind {
                return Ok(listener.clone());
            }
            let text = "other work on the whole store is under way; wait until it has ended";
            return Err(Error::new(Reason::Overloaded, text));
        }
        let (teller, listener) = watch::channel(Ok(Progress::default()));
        tasks.spawn(work(teller));
        *slot = Some((kind, listener.clone()));
        Ok(listener)
    }
}

/// Works on every record of a store, and tells how far it is. The work says whether the record had to be written.
async fn each<F>(
    store: &Arc<dyn Store>,
    progress: &mut Progress,
    teller: &Teller,
    work: impl Fn(String) -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<bool, Error>>,
{
    let mut walk = Walk::new(&TREE);
    loop {
        let paths = walk.next(store.as_ref(), AT_ONCE * 4).await?;
        if paths.is_empty() {
            return Ok(());
        }
        let seen = paths.len() as u64;
        let changed: Vec<bool> =
            stream::iter(paths).map(&work).buffer_unordered(AT_ONCE).try_collect().await?;
        progress.done += seen;
        // Where writers go on meanwhile, records may be added.
        progress.total = progress.total.max(progress.done);
        progress.changed += changed.iter().filter(|changed| **changed).count() as u64;
        tell(teller, *progress);
    }
}

/// Tells how far it is.
fn tell(teller: &Teller, progress: Progress) {
    let _ = teller.send_replace(Ok(progress));
}
