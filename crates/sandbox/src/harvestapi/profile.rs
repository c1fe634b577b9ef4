use http::StatusCode;
use serde_json::{Map, Value};

use super::envelope::{Envelope, original};
use super::people::{self, Detail};
use super::population::{self, Subject};
use crate::call::{Call, Reply};
use crate::credentials::Key;
use crate::decimal::Micros;
use crate::world::World;

/// Prices of the starter tier, which every key pays here.
const FULL: Micros = Micros(6_400);
const MAIN: Micros = Micros(4_000);
const WITH_EMAIL: Micros = Micros(20_000);
pub(super) const MISS: Micros = Micros(4_000);

/// One profile; a miss is charged too, a question without a subject is not.
pub(super) fn get(world: &World, call: &Call, key: &str, known: &Key) -> Reply {
    let Some((name, wanted)) = ["query", "url", "publicIdentifier", "profileId"]
        .into_iter()
        .find_map(|name| Some((name, call.param(name).filter(|text| !text.is_empty())?)))
    else {
        let error = Some("query, url, publicIdentifier or profileId is required".to_owned());
        let query = original(call);
        let nothing = Envelope {
            entity_id: None,
            status: 400,
            error,
            query,
            payment: None,
            cost: Micros(0),
            element: None,
        };
        return nothing.reply(world, call, known);
    };
    let subject = population::find(wanted);
    let main = flag(call, "main");
    // The vendor leaves findEmail aside when main is set.
    let email = flag(call, "findEmail") && !main;
    let found = subject.as_ref().is_some_and(|subject| email && subject.has_address());
    let price = match &subject {
        None => MISS,
        Some(_) if main => MAIN,
        Some(_) if found => WITH_EMAIL,
        Some(_) => FULL,
    };
    if !world.credentials.charge(&world.store, key, price) {
        return super::failure(StatusCode::PAYMENT_REQUIRED, "Payment required");
    }
    let query = understood(call, name, wanted);
    let envelope = match subject {
        None => Envelope {
            entity_id: None,
            status: 404,
            error: Some("Profile not found".to_owned()),
            query,
            payment: None,
            cost: price,
            element: None,
        },
        Some(subject) => {
            let detail = Detail {
                main,
                email: found,
                smtp: !flag(call, "skipSmtp"),
                about: flag(call, "includeAboutProfile"),
            };
            let name = format!("{}/{detail:?}", subject.slug());
            let element = world.profiles.get_or(&name, || people::write(&subject, detail));
            let payment = if found { "linkedinProfileWithEmail" } else { "linkedinProfile" };
            Envelope {
                entity_id: Some(subject.slug()),
                status: 200,
                error: None,
                query,
                payment: Some(payment),
                cost: price,
                element: Some(element),
            }
        }
    };
    envelope.reply(world, call, known)
}

fn flag(call: &Call, name: &str) -> bool {
    matches!(call.param(name), Some("true" | "1"))
}

/// `query` takes three forms; the answer says which one it was taken for.
fn understood(call: &Call, name: &str, wanted: &str) -> Map<String, Value> {
    let mut query = original(call);
    if name == "query" {
        query.shift_remove("query");
        let form = match wanted {
            url if url.contains('/') => "url",
            id if Subject::is_profile_id(id) => "profileId",
            _ => "publicIdentifier",
        };
        query.insert(form.to_owned(), Value::String(wanted.to_owned()));
    }
    query
}
