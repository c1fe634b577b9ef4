//! Posts: one, their search, and those of one author.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, contains, only};
use super::pages::{Page, Tokens};
use super::population::authors::Author;
use super::population::companies::Company;
use super::population::groups::Group;
use super::population::people::Person;
use super::population::post_row;
use super::population::posts::{self, Post};
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 50;
const MAX_VALUES: usize = 50;
const FILTERS: [Filter<Post>; 8] = [
    only(
        &[
            "profile",
            "profileId",
            "profilePublicIdentifier",
            "company",
            "companyId",
            "companyUniversalName",
            "targetUrl",
        ],
        MAX_VALUES,
        is_by,
    ),
    only(
        &["authorsCompany", "authorsCompanyId", "authorsCompanyUniversalName"],
        MAX_VALUES,
        is_by_someone_at,
    ),
    only(&["authorsIndustryId"], MAX_VALUES, is_by_someone_in),
    only(&["mentioningMember"], MAX_VALUES, mentions),
    only(&["mentioningCompany"], MAX_VALUES, mentions),
    only(&["contentType"], MAX_VALUES, has_content),
    only(&["authorKeywords"], 1, is_by_someone_with),
    only(&["group"], MAX_VALUES, is_in_group),
];

/// One post; a question without one is free.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["url", "post", "targetUrl"]) else {
        return Ok(Envelope::failure(ask.price, 400, "url is required"));
    };
    Ok(match Post::find(wanted) {
        Some(post) => Envelope::element(ask.price, post.id(), &post_row::row(post, ask.now)),
        None => Envelope::failure(ask.price, 404, "Post not found"),
    })
}

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let filters = Filters::of(ask, &FILTERS, &[]);
    let limit = ask.value("postedLimit").unwrap_or_default();
    let found = posts::all().filter(|post| {
        filters.pass(*post)
            && ask.now.within(limit, post.posted(ask.now))
            && words.are_in(|| format!("{} {}", post.text(), post.author().name()))
    });
    let mut found: Vec<_> = found.collect();
    let sort = ask.value("sortBy").unwrap_or("relevance");
    if sort != "date" {
        found.sort_by_key(|post| std::cmp::Reverse(post.reactions()));
    }
    let given: Vec<_> = FILTERS.iter().map(|filter| ask.list(filter.names)).collect();
    let subject = format!("{sort} {limit} {:?} {given:?}", ask.value("search"));
    Ok(listed(ask, found, &subject, Tokens::Offered))
}

pub(super) fn of_profile(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["profile", "profileId", "profilePublicIdentifier", "targetUrl"])
    else {
        return Ok(Envelope::failure(ask.price, 400, "profile is required"));
    };
    Ok(match Person::find(wanted) {
        Some(person) => {
            let found = posts::by(Author::Person(person)).collect();
            listed(ask, found, &person.id(), Tokens::NeededWithoutTotals)
        }
        None => Envelope::failure(ask.price, 404, "Profile not found"),
    })
}

pub(super) fn of_company(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["company", "companyId", "companyUniversalName", "targetUrl"]) else {
        return Ok(Envelope::failure(ask.price, 400, "company is required"));
    };
    Ok(match Company::find(wanted) {
        Some(company) => {
            let found =
                if company.is_school() { Vec::new() } else { posts::by(Author::Company(company)).collect() };
            listed(ask, found, &company.id(), Tokens::Needed)
        }
        None => Envelope::failure(ask.price, 404, "Company not found"),
    })
}

/// One page. Limits of time are applied to what was fetched, so that a page may be short while more follow; only the
/// search knows `postedLimit` beforehand.
fn listed(ask: &Ask<'_>, found: Vec<Post>, subject: &str, tokens: Tokens) -> Envelope {
    let page = Page::by_token(ask, found, SIZE, subject, tokens);
    let limits = [ask.value("postedLimit"), ask.value("scrapePostedLimit")].map(Option::unwrap_or_default);
    let fresh = |post: &Post| limits.iter().all(|limit| ask.now.within(limit, post.posted(ask.now)));
    let rows = page.rows.into_iter().filter(fresh).map(|post| post_row::row(post, ask.now)).collect();
    Envelope::rows(ask.price, rows, page.pagination)
}

fn is_by(post: Post, wanted: &str) -> bool {
    Author::find(wanted) == Some(post.author())
}

fn is_by_someone_at(post: Post, wanted: &str) -> bool {
    person(post).is_some_and(|person| person.company().is_named(wanted))
}

fn is_by_someone_in(post: Post, wanted: &str) -> bool {
    person(post).is_some_and(|person| person.company().industry().id == wanted)
}

fn is_by_someone_with(post: Post, wanted: &str) -> bool {
    person(post).is_some_and(|person| contains(&person.position(), wanted))
}

fn mentions(post: Post, wanted: &str) -> bool {
    post.mentioned().is_some_and(|mentioned| Author::find(wanted) == Some(mentioned))
}

fn has_content(post: Post, wanted: &str) -> bool {
    post.content().is_named(wanted)
}

fn is_in_group(post: Post, wanted: &str) -> bool {
    post.group().is_some_and(|group| Group::find(wanted) == Some(group))
}

fn person(post: Post) -> Option<Person> {
    match post.author() {
        Author::Person(person) => Some(person),
        Author::Company(_) => None,
    }
}
