//! The search for leads, which hides nobody.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, contains, only, without};
use super::pages::Page;
use super::people::{
    described, has_title, is_first_name, is_in_industry, is_last_name, learnt_at, lives_at, lives_in,
    worked_at, works_at,
};
use super::population::authors::Author;
use super::population::clock::Now;
use super::population::people::{self, Person};
use super::population::posts;
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 25;
const LAST_PAGE: u64 = 100;
const FILTERS: [Filter<Person>; 28] = [
    only(&["currentCompanies"], 50, works_at),
    only(&["pastCompanies"], 50, worked_at),
    only(&["schools"], 50, learnt_at),
    only(&["locations"], 70, lives_in),
    only(&["geoIds"], 70, lives_at),
    only(&["currentJobTitles"], 70, has_title),
    only(&["pastJobTitles"], 70, had_title),
    only(&["firstNames"], 70, is_first_name),
    only(&["lastNames"], 70, is_last_name),
    only(&["industryIds"], 70, is_in_industry),
    only(&["yearsAtCurrentCompanyIds"], 5, stayed),
    only(&["yearsOfExperienceIds"], 5, worked),
    only(&["seniorityLevelIds"], 20, has_seniority),
    only(&["functionIds"], 30, has_function),
    only(&["profileLanguages"], 70, speaks),
    only(&["companyHeadcount"], 9, has_headcount),
    only(&["companyHeadquarterLocations"], 70, has_head_office_in),
    without(&["excludeCurrentCompanies"], 50, works_at),
    without(&["excludePastCompanies"], 50, worked_at),
    without(&["excludeSchools"], 50, learnt_at),
    without(&["excludeLocations"], 70, lives_in),
    without(&["excludeGeoIds"], 70, lives_at),
    without(&["excludeCurrentJobTitles"], 70, has_title),
    without(&["excludePastJobTitles"], 70, had_title),
    without(&["excludeIndustryIds"], 70, is_in_industry),
    without(&["excludeSeniorityLevelIds"], 20, has_seniority),
    without(&["excludeFunctionIds"], 30, has_function),
    without(&["excludeCompanyHeadquarterLocations"], 70, has_head_office_in),
];

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    // A Sales Navigator URL takes the place of everything but the page.
    let free = ask.value("salesNavUrl").is_some();
    let words = Words::parse(ask.value("search").filter(|_| !free));
    let filters = if free { Filters::none() } else { Filters::of(ask, &FILTERS, &[("locations", "geoIds")]) };
    let (changed, posted) = (!free && ask.flag("recentlyChangedJobs"), !free && ask.flag("postedOnLinkedin"));
    let found = people::all().filter(|person| {
        filters.pass(*person)
            && (!changed || person.changed_jobs())
            && (!posted || posted_lately(*person, ask.now))
            && words.are_in(|| described(*person))
    });
    let mut page = Page::numbered(ask, found.collect(), SIZE, LAST_PAGE);
    page.pagination["totalResultCount"] = page.pagination["totalElements"].clone();
    let rows = page.rows.into_iter().map(|person| people::lead_row(person, ask.now)).collect();
    Ok(Envelope::rows(ask.price, rows, page.pagination))
}

fn posted_lately(person: Person, now: Now) -> bool {
    posts::by(Author::Person(person)).next().is_some_and(|post| now.within("month", post.posted(now)))
}

fn had_title(person: Person, wanted: &str) -> bool {
    (1..person.jobs()).any(|job| contains(person.role_at(job).title, wanted))
}

fn stayed(person: Person, wanted: &str) -> bool {
    years(person.months_at(0)) == wanted
}

fn worked(person: Person, wanted: &str) -> bool {
    years(person.months_of_experience()) == wanted
}

/// The id of a span of time.
fn years(months: u64) -> &'static str {
    match months {
        0..12 => "1",
        12..36 => "2",
        36..72 => "3",
        72..132 => "4",
        _ => "5",
    }
}

fn has_seniority(person: Person, wanted: &str) -> bool {
    person.role().seniority.to_string() == wanted
}

fn has_function(person: Person, wanted: &str) -> bool {
    person.role().function.to_string() == wanted
}

fn speaks(person: Person, wanted: &str) -> bool {
    person.language().eq_ignore_ascii_case(wanted)
}

fn has_headcount(person: Person, wanted: &str) -> bool {
    person.company().size().is_named(wanted)
}

fn has_head_office_in(person: Person, wanted: &str) -> bool {
    person.company().place().is_named(wanted)
}
