//! The search for people who offer something.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, only};
use super::pages::Page;
use super::people::{lives_at, lives_in};
use super::population::people::{self, Person};
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 10;
const LAST_PAGE: u64 = 100;
const FILTERS: [Filter<Person>; 2] = [only(&["location"], 70, lives_in), only(&["geoId"], 70, lives_at)];

/// People who offer something; it answers, and is charged, without a search too.
pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let filters = Filters::of(ask, &FILTERS, &[("location", "geoId")]);
    let found = people::all().filter(|person| {
        person.services().is_some_and(|services| {
            filters.pass(*person)
                && words
                    .are_in(|| format!("{} {} {}", person.name(), person.role().title, services.join(" ")))
        })
    });
    let page = Page::numbered(ask, found.collect(), SIZE, LAST_PAGE);
    Ok(Envelope::rows(ask.price, page.rows.into_iter().map(people::service_row).collect(), page.pagination))
}
