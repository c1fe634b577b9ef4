//! What the actors of Apify get out of the same population: elements without an envelope.

use bytes::Bytes;
use serde_json::Value;

use super::Population;
use super::companies::{self, Company};
use super::people::{self, Detail, Person};

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
    let person = Person::find(wanted)?;
    Some(Found::Person { slug: person.slug(), has_address: person.has_address() })
}

pub(crate) fn is_company(wanted: &str) -> bool {
    COMPANY_PATHS.iter().any(|path| wanted.contains(path))
}

/// Slug of a company that exists, given its URL, id, slug or name.
pub(crate) fn company_slug(wanted: &str) -> Option<String> {
    let named = || companies::all().find(|company| company.name().eq_ignore_ascii_case(wanted.trim()));
    Company::find(wanted).or_else(named).map(Company::slug)
}

/// The whole profile of somebody who exists.
pub(crate) fn profile(population: &Population, slug: &str, email: bool) -> Option<Bytes> {
    let person = Person::find(slug)?;
    let detail = Detail { main: false, email, smtp: true, about: false };
    Some(population.profile(person, detail, population.now()))
}

pub(crate) fn company(slug: &str) -> Option<Value> {
    Company::find(slug).map(companies::element)
}

/// Everybody with a position, always in the same order.
pub(crate) fn colleagues() -> impl Iterator<Item = Colleague> {
    people::all().map(|person| Colleague {
        slug: person.slug(),
        company: person.company().slug(),
        title: person.role().title,
        place: person.place().text(),
        has_address: person.has_address(),
    })
}

/// What a search for leads shows of somebody.
pub(crate) fn lead(population: &Population, slug: &str) -> Option<Value> {
    Person::find(slug).map(|person| people::lead_row(person, population.now()))
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
        assert!(staff > 40, "{staff}");
    }
}
