//! HarvestAPI: LinkedIn data for a price, out of an invented population.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use http::StatusCode;

use crate::kernel::call::Call;
use crate::kernel::credentials::{CredentialState, Credentials};
use crate::kernel::reply::Reply;
use crate::kernel::store::{Store, Table};
use crate::kernel::vendor::{OwnEffect, Pending, Slot, Told, Vendor};

mod ads;
mod ask;
mod backend;
mod comments;
mod companies;
mod connections;
mod control;
mod cookie;
mod credentials;
mod envelope;
mod errors;
mod filter;
mod gate;
mod geo;
mod groups;
mod jobs;
mod key;
mod leads;
mod pages;
mod people;
mod platform;
pub(crate) mod population;
mod posts;
mod price;
mod profile;
mod reactions;
mod routes;
mod services;
mod sessions;
mod text;

use ask::Ask;
use backend::Backend;
use errors::failure;
use gate::Gates;
use key::Key;
use population::Population;

/// The vendor HarvestAPI.
pub(crate) struct HarvestApi {
    backend: Arc<Backend>,
    gates: Gates,
}

/// What is kept of it.
pub(crate) const TABLES: [Table; 3] = [key::TABLE, cookie::TABLE, sessions::TABLE];

impl HarvestApi {
    pub(crate) fn open(store: &Arc<Store>, population: Arc<Population>) -> Self {
        Self { backend: Arc::new(Backend::open(store, population)), gates: Gates::default() }
    }

    /// The first key.
    pub(crate) fn first_key(&self) -> Option<String> {
        self.backend.keys.values().into_iter().next()
    }

    fn answer(&self, call: &Call) -> Result<Reply, Reply> {
        let (key, known) = self.admit(call)?;
        let route = routes::find(call).ok_or_else(|| failure(StatusCode::NOT_FOUND, None))?;
        let ask =
            Ask { backend: &self.backend, call, now: self.backend.population.now(), price: route.price };
        let envelope = (route.answer)(&ask)?;
        if !self.backend.keys.charge(key, envelope.cost()) {
            return Err(failure(StatusCode::PAYMENT_REQUIRED, None));
        }
        Ok(envelope.reply(self.backend.population.next_request(), call, &known))
    }

    fn admit<'a>(&self, call: &'a Call) -> Result<(&'a str, Key), Reply> {
        let refused = || failure(StatusCode::UNAUTHORIZED, None);
        let key = call.header("x-api-key").ok_or_else(refused)?;
        let known = self.backend.keys.get(key).ok_or_else(refused)?;
        match known.state {
            CredentialState::Active => Ok((key, known)),
            CredentialState::Forbidden => Err(failure(StatusCode::FORBIDDEN, None)),
            CredentialState::Revoked | CredentialState::Expired => Err(refused()),
        }
    }
}

impl Vendor for HarvestApi {
    fn word(&self) -> &'static str {
        "harvestapi"
    }

    fn handle<'a>(&'a self, call: &'a Call) -> Pending<'a, Reply> {
        Box::pin(ready(self.answer(call).unwrap_or_else(|refusal| refusal)))
    }

    fn failure(&self, status: StatusCode, text: Option<&str>) -> Reply {
        failure(status, text)
    }

    fn credentials(&self) -> &dyn Credentials {
        &*self.backend
    }

    fn reset(&self) {
        self.backend.reset();
    }

    /// Takes a place among the calls that the key may have in flight; waits for one where there is room to wait.
    fn enter<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Option<Slot>, Reply>> {
        Box::pin(async move {
            let Ok((key, known)) = self.admit(call) else { return Ok(None) };
            let Some(limit) = known.concurrency else { return Ok(None) };
            match self.gates.enter(key, limit).await {
                Some(slot) => Ok(Some(Box::new(slot) as Slot)),
                None => Err(failure(StatusCode::TOO_MANY_REQUESTS, None)),
            }
        })
    }

    fn own_effects(&self) -> &'static [OwnEffect] {
        &[OwnEffect::BodyStatus, OwnEffect::Element]
    }

    /// The wallet pays for it as far as it can.
    fn enveloped(&self, call: &Call, told: &Told<'_>) -> Reply {
        let key = call.header("x-api-key").unwrap_or_default();
        let Some(known) = self.backend.keys.get(key) else {
            return failure(StatusCode::UNAUTHORIZED, None);
        };
        let envelope = envelope::Envelope::told(routes::price(call), told);
        self.backend.keys.charge(key, envelope.cost());
        envelope.reply(self.backend.population.next_request(), call, &known)
    }

    fn control(self: Arc<Self>) -> Router {
        control::router(self.backend.clone())
    }
}
