//! Who calls: the API key becomes a principal, remembered for less than a minute and dropped on invalidation.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_credential::{Secret, api_key};
use granary_proto::Method;
use granary_proto::granary::internal::v1::Principal;
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::{Deadline, Error, Reason, bearer};
use http::{HeaderMap, HeaderValue};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use tonic::{Code, Status};

use crate::broker::{self, Broker};
use crate::flight::Flights;
use crate::generations::{Generation, Generations};
use crate::in_flight::{Bounds, CallPermit, Caller, InFlight, StreamPermit};

/// How long it is remembered that a key is not known.
const UNKNOWN_KEY_TTL: Duration = Duration::from_secs(2);
/// A principal is used for less than its life, so that it does not end on the way.
const EXPIRY_MARGIN_DELAY: Duration = Duration::from_secs(5);

/// Principals by API key.
#[derive(Debug)]
pub(crate) struct Principals {
    cache: Cache<Slot, Arc<Entry>>,
    flights: Flights<Slot, Arc<Entry>>,
    generations: Arc<Generations>,
    in_flight: Arc<InFlight>,
    bounds: Bounds,
}

/// A key by its hash. The generation is part of it: after an invalidation, it names another slot.
type Slot = ([u8; 32], Generation);

/// A caller that was admitted.
#[derive(Clone, Debug)]
pub(crate) struct Admitted(Arc<Known>);

/// What is remembered of a key: its caller, or why it has none.
#[derive(Debug)]
struct Entry {
    found: Result<Admitted, Status>,
    until: Instant,
}

struct Known {
    principal: Principal,
    tenant: HeaderValue,
    token: Vec<u8>,
    caller: Caller,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("tenant", &self.principal.tenant).finish_non_exhaustive()
    }
}

impl Principals {
    pub(crate) fn new(max: u64, bounds: Bounds, generations: Arc<Generations>) -> Self {
        let cache = Cache::builder().max_capacity(max).time_to_live(Duration::from_secs(60)).build();
        Self { cache, flights: Flights::new(), generations, in_flight: Arc::default(), bounds }
    }

    /// Drops what has expired, so that it does not stay in memory until the next call.
    pub(crate) async fn sweep(&self) {
        self.cache.run_pending_tasks().await;
        self.in_flight.sweep();
    }

    /// Admits a caller, or says why not.
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        broker: &Broker,
        deadline: Deadline,
    ) -> Result<Admitted, Status> {
        let key = Secret::new(bearer(headers)?.to_owned());
        let generation = self.generations.key(key_id(key.expose()));
        let slot = (<[u8; 32]>::from(Sha256::digest(key.expose().as_bytes())), generation);
        if let Some(entry) = self.cache.get(&slot).await {
            if entry.until > Instant::now() {
                return entry.found.clone();
            }
            self.cache.invalidate(&slot).await;
        }
        // Boxed, so that a hit does not carry the room that a miss needs.
        Box::pin(self.ask(slot, key, broker, deadline)).await?.found.clone()
    }

    async fn ask(
        &self,
        slot: Slot,
        key: Secret,
        broker: &Broker,
        deadline: Deadline,
    ) -> Result<Arc<Entry>, Status> {
        let usable_until = self.generations.key_usable_until(key_id(key.expose()));
        let (cache, broker) = (self.cache.clone(), broker.clone());
        let (in_flight, bounds) = (self.in_flight.clone(), self.bounds);
        // All who wait have the same key, so that what is wrong with it is so for each of them.
        let asked = self.flights.join(slot, None, deadline, || async move {
            let entry =
                ask(&key, usable_until, &broker, |principal| caller(&in_flight, bounds, principal)).await?;
            cache.insert(slot, entry.clone()).await;
            Ok(entry)
        });
        asked.await
    }
}

/// The counts of a principal, within what its tenant may have.
fn caller(in_flight: &InFlight, bounds: Bounds, principal: &Principal) -> Caller {
    let bounds = match &principal.limits {
        Some(limits) => bounds.with(limits),
        None => bounds,
    };
    in_flight.caller(&principal.tenant, &principal.key_id, bounds)
}

impl Admitted {
    pub(crate) fn principal(&self) -> &Principal {
        &self.0.principal
    }

    pub(crate) fn token(&self) -> &[u8] {
        &self.0.token
    }

    pub(crate) fn tenant_header(&self) -> HeaderValue {
        self.0.tenant.clone()
    }

    /// Takes a place for one call.
    pub(crate) fn begin(&self) -> Result<CallPermit, Error> {
        self.0.caller.begin()
    }

    /// Takes a place among the calls that may last, for one of this method that is under way, where it may.
    pub(crate) fn lasts(&self, method: &Method) -> Result<Option<StreamPermit>, Error> {
        if method.is_long() { self.0.caller.lasts().map(Some) } else { Ok(None) }
    }

    /// Whether the key holds a scope. Unspecified asks for none.
    pub(crate) fn check_scope(&self, scope: Scope) -> Result<(), Error> {
        if scope == Scope::Unspecified || self.principal().scopes.contains(&(scope as i32)) {
            return Ok(());
        }
        let text = scope.text();
        Err(Error::new(
            Reason::ScopeMissing,
            format!("the API key lacks the scope {text}; use a key that holds it"),
        )
        .with("scope", text))
    }

    /// Whether the key may act for an account.
    pub(crate) fn check_account(&self, account: &str) -> Result<(), Error> {
        let patterns = &self.principal().account_patterns;
        if patterns.is_empty() || patterns.iter().any(|p| granary_rpc::pattern::matches(p, account)) {
            return Ok(());
        }
        Err(Error::new(Reason::AccountNotAllowed, "the API key may not act for this account"))
    }
}

/// Asks the broker. A refusal is remembered like an answer; a failure to ask is not.
///
/// `usable_until` bounds its use, because a lagging replica may have answered.
async fn ask(
    key: &Secret,
    usable_until: Option<Instant>,
    broker: &Broker,
    caller: impl FnOnce(&Principal) -> Caller,
) -> Result<Arc<Entry>, Status> {
    match broker.authenticate(key.expose(), Deadline::after(broker::QUESTION_TIMEOUT)).await {
        Ok(answer) => {
            let principal = answer.principal.unwrap_or_default();
            let tenant = HeaderValue::from_str(&principal.tenant).map_err(|_| internal())?;
            let expires = principal.expire_time.as_ref().map_or(0, |t| t.seconds);
            let now = i64::try_from(granary_rpc::clock::now_ms() / 1_000).unwrap_or(i64::MAX);
            let life =
                Duration::from_secs(u64::try_from(expires - now).unwrap_or(0)).min(Duration::from_secs(60));
            let until = Instant::now()
                + life.saturating_sub(EXPIRY_MARGIN_DELAY).max(Duration::from_millis(500).min(life));
            let until = usable_until.map_or(until, |usable_until| usable_until.min(until));
            let caller = caller(&principal);
            let known = Known { principal, tenant, token: answer.principal_token, caller };
            Ok(Arc::new(Entry { found: Ok(Admitted(Arc::new(known))), until }))
        }
        Err(status) if status.code() == Code::Unauthenticated => {
            Ok(Arc::new(Entry { found: Err(status), until: Instant::now() + UNKNOWN_KEY_TTL }))
        }
        Err(status) => Err(status),
    }
}

fn internal() -> Status {
    Error::new(Reason::Internal, "credential-vault named a tenant that cannot be a header").into()
}

/// The id inside a key's text, by which invalidations name it; empty where it is the text of no key.
fn key_id(key: &str) -> &str {
    api_key::id_of(key).unwrap_or_default()
}
