//! Seals every value anew under the newest key. In Vault no value leaves Vault for that.
use std::sync::Arc;
use std::time::Duration;

use granary_rpc::Error;
use granary_store::walk::count;
use granary_store::{self as store, Expect, Store, pass_over};
use tokio::time::sleep;

use super::{Phase, Progress, Teller, each, tell};
use crate::domain::documents::Sealable;
use crate::domain::paths::TREE;

/// Attempts at one record, which others may change at the same time.
const ATTEMPTS: u32 = 10;

/// Rewraps everything; a rewrap that was broken off is simply begun again.
pub(crate) async fn run(store: Arc<dyn Store>, rotate: bool, teller: &Teller) -> Result<(), Error> {
    if rotate {
        store.rotate().await?;
    }
    let mut progress = Progress::default();
    tell(teller, progress);
    progress.total = count(store.as_ref(), &TREE).await?;
    progress.phase = Phase::Working;
    each(&store, &mut progress, teller, |path| one(&store, path)).await?;
    tell(teller, Progress { phase: Phase::Done, total: progress.done, ..progress });
    Ok(())
}

/// Whether the record held a value of an older key.
async fn one(store: &Arc<dyn Store>, path: String) -> Result<bool, Error> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some(record) = pass_over(store.get(&path).await)? else { return Ok(false) };
        let mut sealable = Sealable::read(&path, &record.data)?;
        let mut is_new = false;
        for (context, value) in sealable.values() {
            if let Some(rewrapped) = store.rewrap(&context, value).await? {
                *value = rewrapped;
                is_new = true;
            }
        }
        if !is_new {
            return Ok(false);
        }
        match store.put(&path, sealable.encode(), Expect::Version(record.version)).await {
            Ok(_) => return Ok(true),
            // Another writer was faster, or the outcome is open: what stands there now decides.
            Err(store::Error::Conflict | store::Error::Unavailable { .. }) if attempt < ATTEMPTS => {
                sleep(Duration::from_millis(50 * u64::from(attempt))).await;
            }
            Err(other) => return Err(other.into()),
        }
    }
}
