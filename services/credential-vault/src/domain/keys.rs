//! API keys: made, looked up, listed, revoked. Only a hash of a key's text is kept.
pub(crate) mod pattern;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use granary_credential::{Secret, api_key};
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::{Error, Reason};
use granary_store::{Expect, MAX_LIST};
use moka::future::Cache;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::domain::caller::Caller;
use crate::domain::documents::ApiKey;
use crate::domain::invalidation::Announcements;
use crate::domain::paths;
use crate::domain::records::{Decision, Records};
use crate::domain::single_flight::Flights;
use crate::domain::time::{now_ms, timestamp};

/// How long a looked-up key is used without asking again; with the look-up itself it stays under a second.
const KEY_TTL: Duration = Duration::from_millis(800);
/// Most keys that are remembered, unknown ones included.
const CACHE: u64 = 10_000;
/// Looks for keys that nobody remembers, at a time. Keys that are made up, of which anybody can send many, take half at most of
/// what a store reads at a time.
const LOOKS: usize = 32;
/// Keys that are announced at once; a subscriber may be four times as far behind.
const ANNOUNCED: usize = 256;
/// Pause after that, for subscribers to follow.
const ANNOUNCED_INTERVAL: Duration = Duration::from_millis(5);

#[derive(Clone)]
pub(crate) struct Keys {
    records: Records,
    announcements: Announcements,
    cache: Cache<String, Option<Arc<ApiKey>>>,
    flights: Flights<(), Option<Arc<ApiKey>>>,
    looks: Arc<Semaphore>,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) tenant: String,
    pub(crate) label: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) patterns: Vec<String>,
    /// 0: never.
    pub(crate) expire_ms: i64,
}

impl Keys {
    pub(crate) fn new(records: Records, announcements: Announcements) -> Self {
        let cache = Cache::builder().max_capacity(CACHE).time_to_live(KEY_TTL).build();
        let looks = Arc::new(Semaphore::new(LOOKS));
        Self { records, announcements, cache, flights: Flights::default(), looks }
    }

    /// Makes a key. Its text is returned here and never again.
    pub(crate) async fn create(&self, new: NewKey) -> Result<(wire::ApiKey, Secret), Error> {
        let (key_id, secret) = api_key::fresh();
        let document = ApiKey {
            key_id: key_id.clone(),
            tenant: new.tenant,
            label: new.label,
            scopes: new.scopes.iter().map(|scope| *scope as i32).collect(),
            patterns: new.patterns,
            create_ms: now_ms(),
            expire_ms: new.expire_ms,
            hash: api_key::hash(secret.expose()).to_vec(),
            ..ApiKey::default()
        };
        // The entry of the list first: one that leads nowhere is skipped, a key that cannot be listed would be lost.
        let entry = format!("{}/{key_id}", paths::tenant_keys(&document.tenant));
        self.records.store().put(&entry, Vec::new(), Expect::Absent).await?;
        if !self.records.create(&paths::key(&key_id), document.clone()).await? {
            return Err(Error::new(Reason::Internal, "a key id came up twice"));
        }
        self.forget(&key_id).await;
        Ok((view(&document), secret))
    }

    /// Who a key's text stands for.
    pub(crate) async fn authenticate(&self, text: &str) -> Result<Caller, Error> {
        let invalid = || Error::new(Reason::ApiKeyInvalid, "the API key is not known, or was revoked");
        let key_id = api_key::id_of(text).ok_or_else(invalid)?;
        let key = match self.cache.get(key_id).await {
            Some(known) => known,
            None => {
                // An error would say that it is closed, which nobody does.
                let _place = self.looks.acquire().await.ok();
                self.find(key_id).await?
            }
        };
        let key = key.ok_or_else(invalid)?;
        if !bool::from(api_key::hash(text).ct_eq(key.hash.as_slice())) {
            return Err(invalid());
        }
        live(&key)?;
        Ok(Caller::of(&key))
    }

    /// A key as it is stored, whether it may still be used or not.
    pub(crate) async fn stored(&self, key_id: &str) -> Result<Arc<ApiKey>, Error> {
        let unknown = || Error::new(Reason::ApiKeyInvalid, "the API key is not known, or was revoked");
        self.find(key_id).await?.ok_or_else(unknown)
    }

    /// Revokes a key which `may` be. Revoking it again changes nothing.
    pub(crate) async fn revoke(
        &self,
        key_id: &str,
        may: impl Fn(&ApiKey) -> Result<(), Error>,
    ) -> Result<wire::ApiKey, Error> {
        if !api_key::is_id(key_id) {
            return Err(missing(key_id));
        }
        let revoked = self
            .records
            .change(&paths::key(key_id), |current: Option<ApiKey>| {
                let mut key = current.ok_or_else(|| missing(key_id))?;
                may(&key)?;
                if key.revoke_ms != 0 {
                    return Ok(Decision::Keep(key));
                }
                key.revoke_ms = now_ms();
                Ok(Decision::Write(key.clone(), key))
            })
            .await;
        // Also where the outcome is open: a principal too few is better than one too many.
        let is_refused = |e: &Error| matches!(e.reason(), Reason::NotFound | Reason::ScopeMissing);
        if !revoked.as_ref().is_err_and(is_refused) {
            self.forget(key_id).await;
            self.announcements.key(key_id);
        }
        revoked.map(|key| view(&key))
    }

    /// Announces every key of a tenant: what was cached of them is wrong.
    pub(crate) async fn announce_all(&self, tenant: &str) -> Result<(), Error> {
        let (folder, mut after) = (paths::tenant_keys(tenant), None);
        loop {
            let ids = self.records.store().list(&folder, after.as_deref(), MAX_LIST).await?;
            for some in ids.chunks(ANNOUNCED) {
                some.iter().for_each(|key_id| self.announcements.key(key_id));
                sleep(ANNOUNCED_INTERVAL).await;
            }
            if ids.len() < MAX_LIST {
                return Ok(());
            }
            after = ids.last().cloned();
        }
    }

    /// A page of a tenant's keys after a key id, with the id that the next page comes after.
    pub(crate) async fn page(
        &self,
        tenant: &str,
        after: Option<&str>,
        size: usize,
    ) -> Result<(Vec<wire::ApiKey>, Option<String>), Error> {
        let ids = self.records.store().list(&paths::tenant_keys(tenant), after, size).await?;
        let all: Vec<String> = ids.iter().map(|id| paths::key(id)).collect();
        let found = self.records.get_many::<ApiKey>(&all).await?;
        let next = if ids.len() == size { ids.last().cloned() } else { None };
        Ok((found.iter().flatten().map(view).collect(), next))
    }

    /// A key changed: what is being looked up, and what was, is not used for it.
    async fn forget(&self, key_id: &str) {
        self.flights.forget(key_id);
        self.cache.invalidate(key_id).await;
    }

    async fn find(&self, key_id: &str) -> Result<Option<Arc<ApiKey>>, Error> {
        if let Some(known) = self.cache.get(key_id).await {
            return Ok(known);
        }
        let begin = || {
            let (records, cache, key_id) = (self.records.clone(), self.cache.clone(), key_id.to_owned());
            async move {
                let found = records.get(&paths::key(&key_id)).await?.map(Arc::new);
                cache.insert(key_id, found.clone()).await;
                Ok(found)
            }
            .boxed()
        };
        self.flights.join(key_id, &(), begin).await
    }
}

/// The refusal of a key that is not there, or not for the caller to know of.
pub(crate) fn missing(key_id: &str) -> Error {
    Error::new(Reason::NotFound, "there is no such API key").with("key_id", key_id)
}

/// Checks that a key has neither been revoked nor expired.
pub(crate) fn live(key: &ApiKey) -> Result<(), Error> {
    if key.revoke_ms != 0 {
        return Err(Error::new(Reason::ApiKeyInvalid, "the API key is not known, or was revoked"));
    }
    // By whole seconds, as principals are: a key and the principals made from it end together.
    if key.expire_ms != 0 && key.expire_ms.div_euclid(1_000) <= now_ms().div_euclid(1_000) {
        return Err(Error::new(Reason::ApiKeyExpired, "the API key has expired").with("key_id", &key.key_id));
    }
    Ok(())
}

fn view(key: &ApiKey) -> wire::ApiKey {
    wire::ApiKey {
        key_id: key.key_id.clone(),
        tenant: key.tenant.clone(),
        label: key.label.clone(),
        scopes: key.scopes.clone(),
        account_patterns: key.patterns.clone(),
        create_time: timestamp(key.create_ms),
        expire_time: timestamp(key.expire_ms),
        revoke_time: timestamp(key.revoke_ms),
    }
}
