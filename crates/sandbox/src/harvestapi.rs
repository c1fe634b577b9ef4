//! HarvestAPI: LinkedIn data for a price, out of an invented population.

use http::StatusCode;
use serde_json::json;

use crate::call::{Call, Reply};
use crate::credentials::{Key, State};
use crate::world::World;

mod ads;
mod ask;
mod cache;
mod comments;
mod companies;
mod connections;
mod data;
mod envelope;
mod filter;
mod gate;
mod geo;
mod groups;
mod jobs;
mod leads;
mod pages;
mod people;
mod platform;
mod posts;
mod profile;
mod reactions;
mod routes;
pub(crate) mod scrape;
mod services;
mod sessions;
mod text;

pub(crate) use cache::Cache;
pub(crate) use data::clock::Clock;
pub(crate) use envelope::{Told, told};
pub(crate) use gate::{Gates, Slot};
pub(crate) use sessions::{Notes, Sessions};

/// Answers one call.
pub(crate) fn handle(world: &World, call: &Call) -> Reply {
    let (key, known) = match admit(world, call) {
        Ok(admitted) => admitted,
        Err(reply) => return reply,
    };
    let Some(route) = routes::find(call) else {
        return failure(StatusCode::NOT_FOUND, None);
    };
    let ask = ask::Ask { world, call, now: world.clock.now(), price: route.price };
    match (route.answer)(&ask) {
        Err(reply) => reply,
        Ok(envelope) if world.credentials.charge(&world.store, key, envelope.cost()) => {
            envelope.reply(world, call, &known)
        }
        Ok(_) => failure(StatusCode::PAYMENT_REQUIRED, None),
    }
}

/// Takes a place among the calls that the key may have in flight; waits for one where there is room to wait.
pub(crate) async fn enter(world: &World, call: &Call) -> Result<Option<Slot>, Reply> {
    let Ok((key, known)) = admit(world, call) else { return Ok(None) };
    let Some(limit) = known.concurrency else { return Ok(None) };
    match world.gates.enter(key, limit).await {
        Some(slot) => Ok(Some(slot)),
        None => Err(failure(StatusCode::TOO_MANY_REQUESTS, None)),
    }
}

/// An answer of that status in the shape that HarvestAPI gives it; without a text, it has the words of HarvestAPI.
pub(crate) fn failure(status: StatusCode, text: Option<&str>) -> Reply {
    let words = match status.as_u16() {
        401 => "Invalid API key",
        402 => "Payment required",
        404 => "Not found",
        429 => "Too many concurrent requests",
        _ => status.canonical_reason().unwrap_or("Failed on purpose"),
    };
    let text = text.unwrap_or(words);
    // What is missing is told in a form of its own.
    match status {
        StatusCode::NOT_FOUND => Reply::json(status, &json!({"error": 404, "message": text})),
        _ => Reply::json(status, &json!({"error": {"error": text}})),
    }
}

fn admit<'a>(world: &World, call: &'a Call) -> Result<(&'a str, Key), Reply> {
    let refused = || failure(StatusCode::UNAUTHORIZED, None);
    let key = call.header("x-api-key").ok_or_else(refused)?;
    let known = world.credentials.key(key).ok_or_else(refused)?;
    match known.state {
        State::Active => Ok((key, known)),
        State::Forbidden => Err(failure(StatusCode::FORBIDDEN, None)),
        State::Revoked | State::Expired => Err(refused()),
    }
}
