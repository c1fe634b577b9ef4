use std::collections::HashMap;

use super::{Binding, HarvestToken, Inner, Kept, Key, Plain, Role, State, Tier};
use crate::apify;
use crate::decimal::Micros;

/// Credentials of each kind that exist from the start.
const COUNT: u64 = 120;

/// Account of the first Harvest token; the others follow it.
pub(crate) const FIRST_ACCOUNT: u64 = 910_001;

pub(super) fn all() -> Inner {
    let mut inner =
        Inner { harvest: Kept::empty(), keys: Kept::empty(), li_at: Kept::empty(), apify: Kept::empty() };
    for n in 1..=COUNT {
        let bindings =
            vec![Binding { account_id: FIRST_ACCOUNT + n - 1, person: 0, role: Role::Administrator }];
        inner.harvest.insert(value("pat", n), HarvestToken { bindings, ..HarvestToken::fresh() });
        inner.keys.insert(value("key", n), Key::fresh(n));
        inner.li_at.insert(value("liat", n), Plain::fresh());
        inner.apify.insert(format!("apify_api_sbx{n:04}{:016x}", mark("apify", n)), apify::Token::fresh(n));
    }
    inner
}

// === impl fresh credentials ===

impl HarvestToken {
    pub(super) fn fresh() -> Self {
        Self { state: State::Active, bindings: Vec::new(), rate: None }
    }
}

impl Key {
    pub(super) fn fresh(number: u64) -> Self {
        let balance = Micros(1_000_000_000);
        Self {
            number,
            state: State::Active,
            balance,
            total: balance,
            tier: Tier::Business,
            concurrency: None,
        }
    }
}

impl Plain {
    pub(super) fn fresh() -> Self {
        Self { state: State::Active }
    }
}

impl<T> Kept<T> {
    fn empty() -> Self {
        Self { order: Vec::new(), known: HashMap::new() }
    }
}

fn value(kind: &str, n: u64) -> String {
    format!("sbx-{kind}-{n:04}-{:016x}", mark(kind, n))
}

/// The same on every machine (FNV-1a, then a final mix), so that nothing needs to be written down.
fn mark(kind: &str, n: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in kind.bytes().chain(n.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 31)
}
