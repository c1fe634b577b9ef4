//! Times as they are stored (milliseconds since 1970) and as they are sent.
use prost_types::Timestamp;

/// Now.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(granary_rpc::clock::now_ms()).unwrap_or(i64::MAX)
}

/// A stored time on the wire; 0 is none.
pub(crate) fn timestamp(ms: i64) -> Option<Timestamp> {
    let nanos = i32::try_from(ms.rem_euclid(1_000) * 1_000_000).unwrap_or_default();
    (ms != 0).then(|| Timestamp { seconds: ms.div_euclid(1_000), nanos })
}

/// A time from the wire, if it lies within what can be stored and its nanoseconds are in range.
pub(crate) fn millis(time: &Timestamp) -> Option<i64> {
    // 0001-01-01 to 9999-12-31, as protobuf has it.
    let sound = (-62_135_596_800..=253_402_300_799).contains(&time.seconds)
        && (0..1_000_000_000).contains(&time.nanos);
    sound.then(|| time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000)
}
