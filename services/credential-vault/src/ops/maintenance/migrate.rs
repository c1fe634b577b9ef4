//! Moves everything from one store to another: copy what is missing or different, remove what is too much, read all of it
//! again and compare, and only then go over. Broken off at any point, it is begun again and goes on from what is there.
use std::sync::Arc;

use granary_rpc::{Error, Reason};
use granary_store::walk::{Walk, count};
use granary_store::{self as store, Expect, MAX_LIST, Store, pass_over};
use tokio::time::sleep;

use super::{Phase, Progress, Teller, each, tell};
use crate::domain::documents::Sealable;
use crate::domain::paths::TREE;
use crate::ops::switch::Switch;
use crate::ops::term::{self, Held};

/// Moves everything to `target`, and goes over to it.
pub(crate) async fn run(switch: &Switch, target: Arc<dyn Store>, teller: &Teller) -> Result<(), Error> {
    let quiet = switch.quiet().await;
    let source = switch.current();
    let mut progress = Progress::default();
    tell(teller, progress);
    // Other processes that write to it learn of the move before anything is copied.
    let held = Held::begin(source.as_ref(), term::Phase::Moving).await?;
    let moved = renewed(&held, source.as_ref(), async {
        if source.is_shared() {
            sleep(term::DRAIN_TIMEOUT).await;
        }
        all(&source, &target, &mut progress, teller).await
    });
    let filled = match moved.await {
        Ok(filled) => filled,
        Err(error) => {
            // Where it cannot be said, it is taken over in a while.
            let _ = held.enter(source.as_ref(), term::Phase::Open).await;
            return Err(error);
        }
    };
    // Whoever is stopped between the two goes on with the source, which is what the settings still say.
    filled.enter(target.as_ref(), term::Phase::Open).await?;
    if let Err(error) = held.enter(source.as_ref(), term::Phase::Left).await {
        let _ = filled.enter(target.as_ref(), term::Phase::Filling).await;
        return Err(lost(error));
    }
    quiet.exchange(target);
    source.close().await;
    tell(teller, Progress { phase: Phase::Done, ..progress });
    Ok(())
}

/// Copies and compares everything. What is returned is the term in which the target was filled.
async fn all(
    source: &Arc<dyn Store>,
    target: &Arc<dyn Store>,
    progress: &mut Progress,
    teller: &Teller,
) -> Result<Held, Error> {
    let filled = Held::begin(target.as_ref(), term::Phase::Filling).await?;
    progress.total = count(source.as_ref(), &TREE).await?;

    progress.phase = Phase::Working;
    each(source, progress, teller, |path| copy(source, target, path)).await?;
    progress.changed += remove_surplus(source, target).await?;

    *progress = Progress { phase: Phase::Verifying, done: 0, ..*progress };
    each(source, progress, teller, |path| verify(source, target, path)).await?;
    Ok(filled)
}

/// Renews a term while work goes on, which ends where the term is lost.
async fn renewed<T>(
    held: &Held,
    store: &dyn Store,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let renewals = async {
        loop {
            sleep(term::RENEWAL_INTERVAL).await;
            if let Err(error @ store::Error::Conflict) = held.enter(store, term::Phase::Moving).await {
                return lost(error);
            }
        }
    };
    tokio::select! {
        done = work => done,
        lost = renewals => Err(lost),
    }
}

fn lost(error: store::Error) -> Error {
    match error {
        store::Error::Conflict => Error::new(
            Reason::Overloaded,
            "another process took the store over, since this move had fallen silent; nothing was given up: try again",
        ),
        error => error.into(),
    }
}

/// Whether the record had to be written.
async fn copy(source: &Arc<dyn Store>, target: &Arc<dyn Store>, path: String) -> Result<bool, Error> {
    let Some(from) = pass_over(source.get(&path).await)? else { return Ok(false) };
    let mut record = Sealable::read(&path, &from.data)?;
    let there = target.get(&path).await?;
    if let Some(there) = &there
        && Sealable::read(&path, &there.data).is_ok_and(|there| there.same_write(&record))
    {
        // A mark that was set before everything moved away from there says nothing of today.
        if there.mark.is_some() {
            target.mark(&path, None, there.version).await?;
        }
        return Ok(false);
    }
    for (context, value) in record.values() {
        let plain = source.open(&context, value).await?;
        *value = target.seal(&context, &plain).await?;
    }
    let expect = there.map_or(Expect::Absent, |there| Expect::Version(there.version));
    target.put(&path, record.encode(), expect).await?;
    Ok(true)
}

/// Records of the target that the source does not have: what an earlier attempt copied and was deleted since.
async fn remove_surplus(source: &Arc<dyn Store>, target: &Arc<dyn Store>) -> Result<u64, Error> {
    let (mut walk, mut removed) = (Walk::new(&TREE), 0);
    loop {
        let paths = walk.next(target.as_ref(), MAX_LIST).await?;
        if paths.is_empty() {
            return Ok(removed);
        }
        let there = source.get_many(&paths).await?;
        for (path, _) in paths.iter().zip(&there).filter(|(_, there)| there.is_none()) {
            target.delete(path).await?;
            removed += 1;
        }
    }
}

/// Reads a record from both stores and compares it to the last byte, values opened.
async fn verify(source: &Arc<dyn Store>, target: &Arc<dyn Store>, path: String) -> Result<bool, Error> {
    let from = pass_over(source.get(&path).await)?;
    let to = target.get(&path).await?;
    let differs = || {
        Error::new(Reason::Internal, "a record differs after it was copied; nothing was given up: try again")
            .with("path", &path)
    };
    if from.is_none() && to.is_none() {
        return Ok(false);
    }
    let (Some(from), Some(to)) = (from, to) else { return Err(differs()) };
    let marked = to.mark.is_some();
    let (mut from, mut to) = (Sealable::read(&path, &from.data)?, Sealable::read(&path, &to.data)?);
    if marked || !from.same_write(&to) {
        return Err(differs());
    }
    for ((context, before), (_, after)) in from.values().into_iter().zip(to.values()) {
        if source.open(&context, before).await? != target.open(&context, after).await? {
            return Err(differs());
        }
    }
    Ok(false)
}
