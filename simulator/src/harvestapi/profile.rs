//! One person: the profile, its id, an address.

use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::envelope::{Envelope, original};
use super::population::people::{self, Detail, Person};
use super::price::Price;
use crate::decimal::Micros;
use crate::kernel::reply::Reply;

const MAIN: Micros = Micros(4_000);
const WITH_EMAIL: Micros = Micros(20_000);
const MISS: Micros = Micros(4_000);
const NAMES: [&str; 4] = ["query", "url", "publicIdentifier", "profileId"];

/// One profile; a miss is charged too, a question without a subject is not.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((name, wanted)) = ask.first(&NAMES) else {
        return Ok(Envelope::failure(
            ask.price,
            400,
            "query, url, publicIdentifier or profileId is required",
        ));
    };
    let query = understood(ask, name, wanted);
    let Some(person) = Person::find(wanted) else {
        let price = Price { cost: Some(MISS), ..ask.price };
        return Ok(Envelope::failure(price, 404, "Profile not found").understood(query));
    };
    let main = ask.flag("main");
    // The vendor leaves findEmail aside when main is set.
    let email = ask.flag("findEmail") && !main && person.has_address();
    let price = match (main, email) {
        (true, _) => Price { cost: Some(MAIN), ..ask.price },
        (_, true) => Price { cost: Some(WITH_EMAIL), code: Some("linkedinProfileWithEmail"), ..ask.price },
        _ => ask.price,
    };
    let detail = Detail { main, email, smtp: !ask.flag("skipSmtp"), about: ask.flag("includeAboutProfile") };
    Ok(Envelope::written(price, person.slug(), ask.backend.population.profile(person, detail, ask.now))
        .understood(query))
}

pub(super) fn id(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&NAMES) else {
        return Ok(Envelope::failure(ask.price, 400, "url or publicIdentifier is required"));
    };
    Ok(match Person::find(wanted) {
        Some(person) => Envelope::element(ask.price, person.slug(), &json!({"id": person.id()})),
        None => Envelope::failure(ask.price, 404, "Profile not found"),
    })
}

/// The body holds what is known of a profile; free where no address is found.
pub(super) fn email(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let body: Value = serde_json::from_slice(&ask.call.body).unwrap_or_default();
    let known = &body["profile"];
    let wanted = ["publicIdentifier", "id", "linkedinUrl"].iter().find_map(|name| known[*name].as_str());
    let Some(wanted) = wanted else {
        return Ok(Envelope::failure(ask.price, 400, "profile is required"));
    };
    let Some(person) = Person::find(wanted).filter(|person| person.has_address()) else {
        let free = Price { cost: Some(Micros(0)), ..ask.price };
        return Ok(Envelope::nothing(free, wanted.to_owned()));
    };
    Ok(Envelope::element(ask.price, person.slug(), &people::address(person, !ask.flag("skipSmtp"))))
}

/// `query` takes three forms; the answer says which one it was taken for.
fn understood(ask: &Ask<'_>, name: &str, wanted: &str) -> Map<String, Value> {
    let mut query = original(ask.call);
    if name == "query" {
        query.shift_remove("query");
        let form = match wanted {
            url if url.contains('/') => "url",
            id if Person::is_id(id) => "profileId",
            _ => "publicIdentifier",
        };
        query.insert(form.to_owned(), Value::String(wanted.to_owned()));
    }
    query
}
