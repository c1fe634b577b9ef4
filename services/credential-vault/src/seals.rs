//! The replay guard of sealed credentials: each box is remembered until it has expired by itself.
use data_encoding::HEXLOWER;
use granary_credential::fingerprint;
use granary_rpc::{Error, Reason};

use crate::paths::{SEALS, seal_minute};
use crate::records::Records;
use crate::store::{self, Expect};
use crate::time::now_ms;

/// Furthest that `not_after` may lie ahead: ten minutes, and what clocks may differ by.
const AHEAD_MS: i64 = (10 * 60 + 30) * 1_000;
/// Minutes that a record is kept beyond its own, for replicas whose clocks are behind.
const KEPT: u64 = 3;
/// Most records removed in one sweep.
const SWEPT: usize = 1_000;

/// Refuses a box whose time is over, or lies too far ahead to be remembered.
pub(crate) fn check_time(not_after_ms: i64) -> Result<(), Error> {
    let now = now_ms();
    let expired = |text: &str| Err(Error::new(Reason::SealExpired, text));
    if not_after_ms < now {
        return expired("the sealed credential is past its not_after; seal it again");
    }
    if not_after_ms > now + AHEAD_MS {
        return expired("not_after must be at most 10 minutes ahead");
    }
    Ok(())
}

/// Takes a box as used; a second time it is refused.
pub(crate) async fn claim(records: &Records, sealed_box: &[u8], not_after_ms: i64) -> Result<(), Error> {
    let digest = HEXLOWER.encode(&fingerprint::sha256(sealed_box));
    let path = format!("{SEALS}/{}/{digest}", seal_minute(minute_of(not_after_ms)));
    match records.store().put(&path, Vec::new(), Expect::Absent).await {
        Ok(_) => Ok(()),
        Err(store::Error::Conflict) => {
            Err(Error::new(Reason::SealReplayed, "this sealed credential was used before; seal it again"))
        }
        Err(other) => Err(other.into()),
    }
}

/// Removes records whose minute is over, the oldest first. Returns how many.
pub(crate) async fn sweep(records: &Records, now_ms: i64) -> Result<usize, Error> {
    let store = records.store();
    let over = seal_minute(minute_of(now_ms).saturating_sub(KEPT));
    let mut removed = 0;
    for minute in store.list(SEALS, None, 64).await? {
        if minute >= over || removed == SWEPT {
            break;
        }
        let folder = format!("{SEALS}/{minute}");
        for digest in store.list(&folder, None, SWEPT - removed).await? {
            store.delete(&format!("{folder}/{digest}")).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn minute_of(ms: i64) -> u64 {
    u64::try_from(ms / 60_000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use granary_credential::Key;

    use super::*;
    use crate::store::{Embedded, Store};

    #[tokio::test]
    async fn a_box_is_remembered_while_it_could_be_used_and_swept_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&dir.path().join("store"), &Key::random()).unwrap();
        let records = Records::new(Arc::new(store) as Arc<dyn Store>);
        let now = now_ms();
        let used = async |boxed: &[u8]| claim(&records, boxed, now + 60_000).await.map_err(|e| e.reason());
        assert_eq!(used(b"one").await, Ok(()));
        assert_eq!(used(b"two").await, Ok(()));
        assert_eq!(used(b"one").await, Err(Reason::SealReplayed));
        assert_eq!(sweep(&records, now + 60_000).await.unwrap(), 0);
        assert_eq!(used(b"one").await, Err(Reason::SealReplayed));
        assert_eq!(sweep(&records, now + 10 * 60_000).await.unwrap(), 2);
        assert_eq!(sweep(&records, now + 10 * 60_000).await.unwrap(), 0);
    }
}
