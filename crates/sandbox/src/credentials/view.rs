use serde::Serialize;
use serde_json::{Value, json};

use super::{Credentials, HarvestToken, Key, State};
use crate::sandbox::Sample;
use crate::sync::lock;

/// Everything that exists, in the order of the seed.
#[derive(Serialize)]
pub(crate) struct Listing {
    harvest_tokens: Vec<Pair>,
    harvestapi_keys: Vec<String>,
    li_at: Vec<String>,
    apify_tokens: Vec<String>,
}

#[derive(Serialize)]
struct Pair {
    access_token: String,
    account_id: u64,
}

// === impl Credentials ===

impl Credentials {
    /// The first of each, as the seed has them.
    pub(crate) fn sample(&self) -> Sample {
        let listing = self.listing();
        let pair = listing.harvest_tokens.into_iter().next();
        Sample {
            account_id: pair.as_ref().map_or(0, |p| p.account_id),
            access_token: pair.map(|p| p.access_token).unwrap_or_default(),
            harvestapi_key: listing.harvestapi_keys.into_iter().next().unwrap_or_default(),
        }
    }

    pub(crate) fn listing(&self) -> Listing {
        let inner = lock(&self.inner);
        let pairs = inner.harvest.order.iter().flat_map(|token| {
            let bindings =
                inner.harvest.known.get(token).map(|known| known.bindings.as_slice()).unwrap_or_default();
            bindings.iter().map(|b| Pair { access_token: token.clone(), account_id: b.account_id })
        });
        Listing {
            harvest_tokens: pairs.collect(),
            harvestapi_keys: inner.keys.order.clone(),
            li_at: inner.li_at.order.clone(),
            apify_tokens: inner.apify.order.clone(),
        }
    }
}

pub(super) fn harvest_token(
    value: &str,
    known: &HarvestToken,
    timer_mode: impl Fn(u64) -> &'static str,
) -> Value {
    let accounts: Vec<_> = known
        .bindings
        .iter()
        .map(|b| json!({"account_id": b.account_id, "role": b.role, "timer_mode": timer_mode(b.account_id)}))
        .collect();
    let first = known.bindings.first();
    json!({
        "access_token": value,
        "account_id": first.map(|b| b.account_id),
        "state": known.state,
        "role": first.map(|b| b.role),
        "timer_mode": first.map(|b| timer_mode(b.account_id)),
        "rate": known.rate.as_ref().map(|rate| json!({"requests": rate.requests, "seconds": rate.seconds})),
        "accounts": accounts,
    })
}

pub(super) fn key(value: &str, known: &Key) -> Value {
    json!({
        "harvestapi_key": value,
        "state": known.state,
        "balance": known.balance,
        "tier": known.tier,
        "concurrency": known.concurrency,
    })
}

pub(super) fn plain(kind: &str, value: &str, state: State) -> Value {
    json!({kind: value, "state": state})
}
