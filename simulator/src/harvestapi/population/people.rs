//! The people of this LinkedIn.

use super::companies::Company;
use super::places::Place;
use super::seed::{dashed, mix, pick};

mod career;
mod examples;
mod extras;
mod find;
mod profile;
mod rows;
mod special;
mod words;

pub(crate) use profile::{Detail, address, write};
pub(crate) use rows::{actor, lead_row, member, row, service_row};
use special::{SPECIAL, Special};
use words::{FIRST, LANGUAGES, LAST, ROLES, SERVICES};

/// Who lives in this LinkedIn: five with names of their own, then `person-0001` and so on. Nobody of them exists; even the
/// one slug that looks known holds invented data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    p: u64,
}

/// What somebody does, with the ids that searches know it by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    pub(crate) title: &'static str,
    pub(crate) seniority: u64,
    pub(crate) function: u64,
}

/// The one whose answer has about 60 KB.
const LARGE: u64 = 4;
const NUMBERED: u64 = 5000;
pub(crate) const COUNT: u64 = 5 + NUMBERED;

pub(crate) fn all() -> impl Iterator<Item = Person> {
    (0..COUNT).map(Person::at)
}

impl Person {
    pub(crate) fn at(p: u64) -> Self {
        Self { p: p % COUNT }
    }

    pub(crate) fn number(self) -> u64 {
        self.p
    }

    pub(crate) fn slug(self) -> String {
        match self.special() {
            Some(special) => special.slug.to_owned(),
            None => format!("person-{:04}", self.p - 4),
        }
    }

    pub(crate) fn id(self) -> String {
        match self.special() {
            Some(special) => special.id.to_owned(),
            None => format!("ACoAASBXPerson{:026}", self.p - 4),
        }
    }

    pub(crate) fn url(self) -> String {
        format!("https://www.linkedin.com/in/{}", self.slug())
    }

    /// The number by which older parts of LinkedIn know somebody.
    pub(crate) fn object_urn(self) -> String {
        (990_000_001 + self.p).to_string()
    }

    pub(crate) fn first(self) -> &'static str {
        self.special().map_or_else(|| pick(&FIRST, self.p), |special| special.first)
    }

    pub(crate) fn last(self) -> &'static str {
        self.special().map_or_else(|| pick(&LAST, self.p / 24), |special| special.last)
    }

    pub(crate) fn name(self) -> String {
        format!("{} {}", self.first(), self.last())
    }

    pub(crate) fn is_large(self) -> bool {
        self.p == LARGE
    }

    /// Rows in which texts and names of fields are those of the vendor's own client, not of its OpenAPI.
    pub(crate) fn is_in_other_words(self) -> bool {
        self.p % 10 == 9
    }

    /// Whether a search for an address succeeds.
    pub(crate) fn has_address(self) -> bool {
        match self.p {
            0 | 3 => true,
            1 | 2 | LARGE => false,
            p => p.is_multiple_of(2),
        }
    }

    pub(crate) fn role(self) -> Role {
        self.role_at(0)
    }

    /// The role in the current position (0) or an earlier one.
    pub(crate) fn role_at(self, job: u64) -> Role {
        if let (Some(example), 0) = (examples::of(self.p), job) {
            return pick(&ROLES, example.role);
        }
        match (self.p, job) {
            (p @ 0..=3, 0) => pick(&ROLES, p),
            (0, 1) => pick(&ROLES, 4),
            (p, job) => pick(&ROLES, mix(30 + job, p)),
        }
    }

    pub(crate) fn jobs(self) -> u64 {
        self.special().map_or(1 + self.p % 7, |special| special.jobs)
    }

    pub(crate) fn company(self) -> Company {
        self.company_at(0)
    }

    pub(crate) fn company_at(self, job: u64) -> Company {
        if let (Some(example), 0) = (examples::of(self.p), job) {
            return Company::in_examples(example.company);
        }
        match (self.p, job) {
            (p @ 0..=1, job) => Company::at(1 + (p + job) % 5),
            (2, 0) => Company::at(2),
            (p, job) => Company::of(mix(50 + job, p)),
        }
    }

    pub(crate) fn past_companies(self) -> impl Iterator<Item = Company> {
        (1..self.jobs()).map(move |job| self.company_at(job))
    }

    pub(crate) fn schools(self) -> impl Iterator<Item = Company> {
        (0..1 + self.jobs() / 3)
            .map(move |at| Company::school(if self.p < 5 { at } else { mix(70 + at, self.p) }))
    }

    pub(crate) fn place(self) -> Place {
        match examples::of(self.p) {
            Some(example) => Place::at(example.place),
            None if self.p < 5 => Place::at(0),
            None => Place::of(mix(80, self.p)),
        }
    }

    /// Months in a position: the current one (0) or an earlier one.
    pub(crate) fn months_at(self, job: u64) -> u64 {
        match (self.p, job) {
            (0, 0) => 39,
            (p, 0) if self.changed_jobs() => mix(81, p) % 3,
            (p, 0) => 3 + mix(81, p) % 150,
            (p, job) => 12 + mix(81 + job, p) % 36,
        }
    }

    pub(crate) fn months_of_experience(self) -> u64 {
        (0..self.jobs()).map(|job| self.months_at(job)).sum()
    }

    /// Within the last 90 days.
    pub(crate) fn changed_jobs(self) -> bool {
        self.p % 13 == 5
    }

    pub(crate) fn language(self) -> &'static str {
        if self.p < 5 { "en" } else { pick(&LANGUAGES, mix(82, self.p) % 9 % 5) }
    }

    pub(crate) fn is_premium(self) -> bool {
        self.p.is_multiple_of(2)
    }

    pub(crate) fn position(self) -> String {
        format!("{} at {}", self.role().title, self.company().name())
    }

    /// What somebody offers on a page of services; not everybody does.
    pub(crate) fn services(self) -> Option<[&'static str; 2]> {
        (self.p % 3 == 2).then(|| {
            let first = if self.p == 2 { 0 } else { mix(83, self.p) % 8 };
            [pick(&SERVICES, first), pick(&SERVICES, first + 1)]
        })
    }

    pub(crate) fn mailbox(self) -> String {
        let name = format!("{} {}", self.first(), self.last().replace(['(', ')'], ""));
        let number = if self.p < 5 { String::new() } else { format!(".{}", self.p - 4) };
        format!("{}{number}@{}", dashed(&name).replace('-', "."), self.company().domain())
    }

    fn special(self) -> Option<&'static Special> {
        usize::try_from(self.p).ok().and_then(|p| SPECIAL.get(p))
    }
}
