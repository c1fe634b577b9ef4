//! How the values of seeded credentials are invented: the same on every machine, so that nothing needs to be written down.

/// Credentials of each kind that exist from the start.
pub(crate) const SEEDED: u64 = 120;

/// The value of the `n`th credential of a kind.
pub(crate) fn value(kind: &str, n: u64) -> String {
    format!("sbx-{kind}-{n:04}-{:016x}", mark(kind, n))
}

/// Sixty-four bits that look random (FNV-1a, then a final mix).
pub(crate) fn mark(kind: &str, n: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in kind.bytes().chain(n.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 31)
}
