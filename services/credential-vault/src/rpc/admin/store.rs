//! Work on the whole store, as its operator asks for it and watches it.
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::StoreKind;
use granary_rpc::{Error, Reason};
use granary_store::Store;
use tonic::Status;

use crate::ops::audit::Entry;
use crate::ops::maintenance::{Listener, Phase, Progress, Work, migrate, rewrap};
use crate::ops::store_selection::StoreKind as Kind;
use crate::rpc::Violations;
use crate::rpc::admit::Call;
use crate::state::State;

/// A stream of progress.
pub(super) type Progressing<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Starts moving everything, or listens to it.
pub(super) fn migrate(state: &Arc<State>, call: &Call, to: StoreKind) -> Result<Listener, Error> {
    let mut violations = Violations::default();
    let to = match to {
        StoreKind::Embedded => Some(Kind::Embedded),
        StoreKind::Vault => Some(Kind::Vault),
        StoreKind::Unspecified => None,
    };
    if to.is_none() {
        violations.add("to", "must be embedded or vault");
    }
    let to = violations.finish(to)?;
    let place = state.place.clone().ok_or_else(|| {
        Error::new(Reason::Internal, "credential-vault was started without settings of its stores")
    })?;
    let entry = call.entry().subject(to.text());
    let running = Arc::clone(state);
    state.upkeep.start(Work::Migrate, &state.tasks, move |teller| async move {
        let work = async {
            let target = running.stores.target(&place, to).await?;
            let moved = migrate::run(&running.stores.switch, Arc::clone(&target), &teller).await;
            if moved.is_err() {
                target.close().await;
            } else {
                running.stores.gone_over(to);
            }
            moved
        };
        audited(&running, entry, work, &teller).await;
    })
}

/// Starts sealing everything anew, or listens to it.
pub(super) fn rewrap(state: &Arc<State>, call: &Call, rotate: bool) -> Result<Listener, Error> {
    let entry = call.entry().subject(if rotate { "rotate" } else { "rewrap" });
    let running = Arc::clone(state);
    state.upkeep.start(Work::Rewrap, &state.tasks, move |teller| async move {
        let store: Arc<dyn Store> = Arc::clone(running.records.store());
        audited(&running, entry, rewrap::run(store, rotate, &teller), &teller).await;
    })
}

/// Does the work if it can be written down, and does so.
async fn audited(
    state: &State,
    entry: Entry,
    work: impl Future<Output = Result<(), Error>>,
    teller: &crate::ops::maintenance::Teller,
) {
    let outcome = match state.audit.slot(&entry).await {
        Ok(slot) => {
            let outcome = work.await;
            // Its line is written after whoever watches was told: the work may outlast every deadline.
            let _receipt = match &outcome {
                Ok(()) => slot.take(&entry.done()),
                Err(error) => slot.take(&entry.refused(error)),
            };
            outcome
        }
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        tracing::error!(%error, "work on the store did not come to its end");
        let _ = teller.send_replace(Err(error));
    }
}

/// Progress as it comes, up to its end or its failure.
pub(super) fn progressing<T: Send + 'static>(
    listener: Listener,
    wrap: impl Fn(wire::StoreProgress) -> T + Send + 'static,
) -> Progressing<T> {
    let told = stream::unfold((listener, true, false), |(mut listener, first, ended)| async move {
        if ended {
            return None;
        }
        // The sender is gone once the work has ended; the last word stays.
        let ended = !first && listener.changed().await.is_err();
        let word = listener.borrow_and_update().clone();
        let last = ended || word.as_ref().map_or(true, |p| p.phase == Phase::Done);
        Some((word, (listener, false, last)))
    });
    Box::pin(told.map(move |word| word.map(|progress| wrap(shown(progress))).map_err(Status::from)))
}

fn shown(progress: Progress) -> wire::StoreProgress {
    let phase = match progress.phase {
        Phase::Counting => wire::StorePhase::Counting,
        Phase::Working => wire::StorePhase::Working,
        Phase::Verifying => wire::StorePhase::Verifying,
        Phase::Done => wire::StorePhase::Done,
    };
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    wire::StoreProgress {
        phase: phase.into(),
        done: number(progress.done),
        total: number(progress.total),
        changed: number(progress.changed),
    }
}
