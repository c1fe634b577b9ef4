//! What the actors of Apify get out of the same population: elements without an envelope.

use bytes::Bytes;
use serde_json::{Value, json};

use super::people::{self, Detail};
use super::population;
use crate::world::World;

/// Who or what an input of an actor means.
pub(crate) enum Found {
    Person { slug: String, has_address: bool },
    Company { slug: String },
}

/// Somebody, by the position that is held today.
pub(crate) struct Colleague {
    pub(crate) slug: String,
    /// Slug of the employer.
    pub(crate) company: String,
    pub(crate) title: &'static str,
    pub(crate) place: String,
    pub(crate) has_address: bool,
}

/// URLs of companies, all of which are answered alike.
const COMPANY_PATHS: [&str; 4] =
    ["linkedin.com/company/", "linkedin.com/school/", "linkedin.com/organization/", "linkedin.com/showcase/"];

/// Finds a person by URL, LinkedIn id or public identifier, or a company by URL.
pub(crate) fn find(wanted: &str) -> Option<Found> {
    if is_company(wanted) {
        return company_slug(wanted).map(|slug| Found::Company { slug });
    }
    let subject = population::find(wanted)?;
    Some(Found::Person { slug: subject.slug(), has_address: subject.has_address() })
}

pub(crate) fn is_company(wanted: &str) -> bool {
    COMPANY_PATHS.iter().any(|path| wanted.contains(path))
}

/// Slug of a company that exists, given its URL, slug or name.
pub(crate) fn company_slug(wanted: &str) -> Option<String> {
    let after = COMPANY_PATHS.iter().find_map(|path| wanted.split_once(path).map(|(_, rest)| rest));
    let name = after.map_or(wanted, |rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let name = name.trim();
    people::companies()
        .find(|(slug, title)| slug.eq_ignore_ascii_case(name) || title.eq_ignore_ascii_case(name))
        .map(|(slug, _)| slug)
}

/// The whole profile of somebody who exists.
pub(crate) fn profile(world: &World, slug: &str, email: bool) -> Option<Bytes> {
    let subject = population::find(slug)?;
    let detail = Detail { main: false, email, smtp: true, about: false };
    Some(world.profiles.get_or(&format!("{slug}/{detail:?}"), || people::write(&subject, detail)))
}

pub(crate) fn company(slug: &str) -> Option<Value> {
    let (at, (slug, name)) = people::companies().enumerate().find(|(_, (known, _))| known == slug)?;
    Some(json!({
        "id": (90_000_001 + at).to_string(),
        "universalName": slug,
        "linkedinUrl": format!("https://www.linkedin.com/company/{slug}"),
        "name": name,
    }))
}

/// Everybody with a position, always in the same order.
pub(crate) fn colleagues() -> impl Iterator<Item = Colleague> {
    population::everyone().map(people::colleague)
}

/// What a search for leads shows of somebody.
pub(crate) fn lead(world: &World, slug: &str) -> Option<Value> {
    let whole: Value = serde_json::from_slice(&profile(world, slug, false)?).ok()?;
    let position = &whole["currentPosition"][0];
    Some(json!({
        "id": whole["id"],
        "linkedinUrl": whole["linkedinUrl"],
        "firstName": whole["firstName"],
        "lastName": whole["lastName"],
        "summary": whole["about"],
        "openProfile": false,
        "premium": whole["premium"],
        "location": {"linkedinText": whole["location"]["linkedinText"]},
        "pictureUrl": whole["photo"],
        "currentPositions": [{
            "companyName": position["companyName"],
            "title": position["position"],
            "description": position["description"],
            "current": true,
            "startedOn": {"month": 1, "year": position["startDate"]["year"]},
            "companyId": position["companyId"],
            "companyLinkedinUrl": position["companyLinkedinUrl"],
            "tenureAtPosition": {"numYears": 3, "numMonths": 2},
            "tenureAtCompany": {"numYears": 3, "numMonths": 2},
        }],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_are_found_by_every_form() {
        for wanted in [
            "https://www.linkedin.com/company/paper-harbour-fx/",
            "linkedin.com/company/paper-harbour-fx?a=b",
            "paper-harbour-fx",
            "Paper Harbour",
        ] {
            assert_eq!(company_slug(wanted).as_deref(), Some("paper-harbour-fx"), "{wanted}");
        }
        assert!(company_slug("https://www.linkedin.com/company/nobody-fx").is_none());
        assert_eq!(company("paper-harbour-fx").unwrap()["name"], "Paper Harbour");
        let staff = colleagues().filter(|colleague| colleague.company == "paper-harbour-fx").count();
        assert!(staff > 100, "{staff}");
    }
}
