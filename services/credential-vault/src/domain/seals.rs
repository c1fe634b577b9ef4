//! The replay guard of sealed credentials: each box is remembered until it has expired by itself.
use data_encoding::HEXLOWER;
use granary_credential::fingerprint;
use granary_rpc::{Error, Reason};
use granary_store::{self as store, Expect};

use crate::domain::paths::{SEALS, seal_minute};
use crate::domain::records::Records;
use crate::domain::time::now_ms;

/// Furthest that `not_after` may lie ahead: ten minutes, and what clocks may differ by.
const AHEAD_MS: i64 = (10 * 60 + 30) * 1_000;
/// Minutes that a record is kept beyond its own, for replicas whose clocks are behind.
const KEPT: u64 = 3;
/// Most records removed in one sweep.
const SWEPT: usize = 1_000;

/// Refuses a box whose time is over, or lies too far ahead to be remembered.
pub(crate) fn check_time(not_after_ms: i64) -> Result<(), Error> {
    hold(not_after_ms, now_ms())
}

/// The same at a time. A box that was sealed a moment ago and is refused shows that the clocks differ.
fn hold(not_after_ms: i64, now: i64) -> Result<(), Error> {
    let ahead = not_after_ms.saturating_sub(now) / 1_000;
    let (told, by) = match not_after_ms {
        past if past < now => ("is past its not_after", format!("{} s before that", -ahead)),
        far if far > now + AHEAD_MS => {
            ("has a not_after more than 10 minutes ahead", format!("{ahead} s after that"))
        }
        _ => return Ok(()),
    };
    let (server, not_after) = (clock(now), clock(not_after_ms));
    let text = format!(
        "the sealed credential {told}: by this server's clock it is {server}, and not_after is {not_after}, {by}; seal it \
         again, and where a box that was just sealed is refused, set the clock of the machine that seals"
    );
    let error = Error::new(Reason::SealExpired, text).with("server_time", server);
    Err(error.with("not_after", not_after).with("seconds_ahead", ahead.to_string()))
}

/// A time to the second, in UTC.
fn clock(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1_000)).map(|time| time.to_string()).unwrap_or_default()
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
    use granary_store::{Embedded, Store};

    #[test]
    fn a_refusal_tells_the_servers_time_and_how_far_off_it_is() {
        // 2026-03-31 12:00:00 UTC.
        let now = 1_774_958_400_000;
        assert!(hold(now, now).is_ok() && hold(now + AHEAD_MS, now).is_ok());
        for (not_after, ahead, text) in [
            (now - 100_000, "-100", "11:58:20Z, 100 s before that"),
            (now + 1_000_000, "1000", "12:16:40Z, 1000 s after that"),
        ] {
            let error = hold(not_after, now).unwrap_err();
            assert_eq!((error.reason(), error.get("seconds_ahead")), (Reason::SealExpired, Some(ahead)));
            assert_eq!(error.get("server_time"), Some("2026-03-31T12:00:00Z"));
            assert!(
                error.to_string().contains("it is 2026-03-31T12:00:00Z") && error.to_string().contains(text),
                "{error}"
            );
        }
    }

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
