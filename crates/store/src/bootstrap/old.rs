//! Old versions of records, which were kept while `max_versions` was not 1: revoked values among them.
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Failure, Outcome, Work};
use crate::Store;
use crate::walk::{Tree, Walk};

/// Records that are looked at at a time.
const AT_ONCE: usize = 32;

impl Work {
    /// Destroys them all.
    pub(super) async fn destroy_old(&mut self, records: &'static Tree) -> Result<(), Failure> {
        let what = format!("old versions of records in {}/", self.config.mount);
        if self.dry_run {
            return self.note(what, Outcome::WouldChange);
        }
        let failed = |source| Failure::Step { what: what.clone(), source };
        let (mut walk, mut destroyed) = (Walk::new(records), 0);
        loop {
            let paths = walk.next(&self.store, AT_ONCE * 8).await.map_err(failed)?;
            if paths.is_empty() {
                break;
            }
            let store = &self.store;
            let each = stream::iter(paths).map(|path| async move { store.destroy_old(&path).await });
            let counts: Vec<u64> = each.buffer_unordered(AT_ONCE).try_collect().await.map_err(failed)?;
            destroyed += counts.iter().sum::<u64>();
        }
        let outcome = if destroyed == 0 { Outcome::Present } else { Outcome::Changed };
        self.note(format!("{what}: {destroyed} destroyed"), outcome)
    }
}
