//! HarvestAPI: LinkedIn profiles for a price, out of an invented population.

use http::{Method, StatusCode};
use serde_json::json;

use crate::call::{Call, Reply};
use crate::credentials::{Key, State};
use crate::world::World;

mod cache;
mod envelope;
mod gate;
mod people;
mod population;
mod profile;
pub(crate) mod scrape;

pub(crate) use cache::Cache;
pub(crate) use envelope::body_failure;
pub(crate) use gate::{Gates, Slot};

/// Answers one call.
pub(crate) fn handle(world: &World, call: &Call) -> Reply {
    let (key, known) = match admit(world, call) {
        Ok(admitted) => admitted,
        Err(reply) => return reply,
    };
    match (&call.method, call.path.as_str()) {
        (&Method::GET, "/linkedin/profile") => profile::get(world, call, key, &known),
        (&Method::GET, "/users/my-api-user") => api_user(&known),
        _ => Reply::json(StatusCode::NOT_FOUND, &json!({"error": 404, "message": "Not found"})),
    }
}

/// Takes a place among the calls that the key may have in flight; waits for one where there is room to wait.
pub(crate) async fn enter(world: &World, call: &Call) -> Result<Option<Slot>, Reply> {
    let Ok((key, known)) = admit(world, call) else { return Ok(None) };
    let Some(limit) = known.concurrency else { return Ok(None) };
    match world.gates.enter(key, limit).await {
        Some(slot) => Ok(Some(slot)),
        None => Err(failure(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent requests")),
    }
}

/// An answer of that status in the shape that HarvestAPI gives it.
pub(crate) fn failure(status: StatusCode, text: &str) -> Reply {
    Reply::json(status, &json!({"error": {"error": text}}))
}

fn admit<'a>(world: &World, call: &'a Call) -> Result<(&'a str, Key), Reply> {
    let refused = || failure(StatusCode::UNAUTHORIZED, "Invalid API key");
    let key = call.header("x-api-key").ok_or_else(refused)?;
    let known = world.credentials.key(key).ok_or_else(refused)?;
    match known.state {
        State::Active => Ok((key, known)),
        State::Forbidden => Err(failure(StatusCode::FORBIDDEN, "Forbidden")),
        State::Revoked | State::Expired => Err(refused()),
    }
}

/// Free of charge. Only the two balances are known from the real service.
fn api_user(known: &Key) -> Reply {
    let body = json!({
        "user": {
            "id": format!("sbx-user-{:04}", known.number),
            "email": format!("user-{:04}@example.com", known.number),
            "membershipTier": known.tier,
            "totalBalance": known.total,
            "createdAt": "2026-01-05T09:00:00.000Z",
        },
        "usage": {"balance": known.balance},
    });
    Reply::json(StatusCode::OK, &body)
}
