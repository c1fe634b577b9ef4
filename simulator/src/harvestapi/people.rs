//! The plain search for people, which hides some of them.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, contains, only};
use super::pages::Page;
use super::population::authors::Author;
use super::population::companies::Company;
use super::population::people::{self, Person};
use super::population::seed::mix;
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 10;
const MAX_VALUES: usize = 50;
const FILTERS: [Filter<Person>; 12] = [
    only(&["currentCompany", "currentCompanyId", "currentCompanyUniversalName"], MAX_VALUES, works_at),
    only(&["pastCompany", "pastCompanyId", "pastCompanyUniversalName"], MAX_VALUES, worked_at),
    only(&["school", "schoolId", "schoolUniversalName"], MAX_VALUES, learnt_at),
    only(&["firstName"], 1, is_first_name),
    only(&["lastName"], 1, is_last_name),
    only(&["title"], 1, has_title),
    only(&["location"], MAX_VALUES, lives_in),
    only(&["geoId"], MAX_VALUES, lives_at),
    only(&["industryId"], MAX_VALUES, is_in_industry),
    only(&["keywordsCompany"], 1, has_company_word),
    only(&["keywordsSchool"], 1, has_school_word),
    only(&["followerOf"], MAX_VALUES, follows),
];

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let filters = Filters::of(ask, &FILTERS, &[("location", "geoId")]);
    let found = people::all().filter(|person| filters.pass(*person) && words.are_in(|| described(*person)));
    // The first rows are close to the one who asks; further out, LinkedIn hides some.
    let ranked = found.zip(0_u64..).map(|(person, rank)| (person, rank >= 5 && rank % 4 == 3)).collect();
    let page = Page::numbered(ask, ranked, SIZE, u64::MAX);
    let rows = page.rows.into_iter().map(|(person, hidden)| people::row(person, hidden)).collect();
    Ok(Envelope::rows(ask.price, rows, page.pagination))
}

/// What a search for words looks at.
pub(super) fn described(person: Person) -> String {
    format!("{} {} {}", person.name(), person.position(), person.place().text())
}

pub(super) fn works_at(person: Person, wanted: &str) -> bool {
    person.company().is_named(wanted)
}

pub(super) fn worked_at(person: Person, wanted: &str) -> bool {
    person.past_companies().any(|company| company.is_named(wanted))
}

pub(super) fn learnt_at(person: Person, wanted: &str) -> bool {
    person.schools().any(|school| school.is_named(wanted))
}

pub(super) fn is_first_name(person: Person, wanted: &str) -> bool {
    person.first().eq_ignore_ascii_case(wanted)
}

pub(super) fn is_last_name(person: Person, wanted: &str) -> bool {
    person.last().eq_ignore_ascii_case(wanted)
}

pub(super) fn has_title(person: Person, wanted: &str) -> bool {
    contains(person.role().title, wanted)
}

pub(super) fn lives_in(person: Person, wanted: &str) -> bool {
    person.place().is_named(wanted)
}

pub(super) fn lives_at(person: Person, wanted: &str) -> bool {
    person.place().has_geo_id(wanted)
}

pub(super) fn is_in_industry(person: Person, wanted: &str) -> bool {
    person.company().industry().id == wanted
}

fn has_company_word(person: Person, wanted: &str) -> bool {
    let mut all = std::iter::once(person.company()).chain(person.past_companies());
    all.any(|company: Company| contains(&company.name(), wanted))
}

fn has_school_word(person: Person, wanted: &str) -> bool {
    person.schools().any(|school| contains(&school.name(), wanted))
}

/// Everybody follows about every fifth author.
fn follows(person: Person, wanted: &str) -> bool {
    Author::find(wanted).is_some_and(|author| mix(160 + author.number(), person.number()).is_multiple_of(5))
}
