//! Companies: one, its people in numbers, and two searches.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, only, without};
use super::pages::Page;
use super::population::companies::{self, Company};
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 50;
const ACCOUNTS: u64 = 25;
const MAX_VALUES: usize = 70;
const FILTERS: [Filter<Company>; 4] = [
    only(&["location"], MAX_VALUES, is_in),
    only(&["geoId"], MAX_VALUES, is_at),
    only(&["companySize"], MAX_VALUES, has_size),
    only(&["industryId"], MAX_VALUES, is_in_industry),
];
const ACCOUNT_FILTERS: [Filter<Company>; 8] = [
    only(&["headquarterLocations"], MAX_VALUES, is_in),
    only(&["headquarterGeoIds"], MAX_VALUES, is_at),
    only(&["companyHeadcount"], MAX_VALUES, has_size),
    only(&["industryIds"], MAX_VALUES, is_in_industry),
    without(&["excludeHeadquarterLocations"], MAX_VALUES, is_in),
    without(&["excludeHeadquarterGeoIds"], MAX_VALUES, is_at),
    without(&["excludeCompanyHeadcount"], MAX_VALUES, has_size),
    without(&["excludeIndustryIds"], MAX_VALUES, is_in_industry),
];

/// One company; one that is unknown is a success with nothing in it.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((wanted, company)) = sought(ask) else {
        return Ok(Envelope::failure(ask.price, 400, "url, universalName or search is required"));
    };
    let Some(company) = company else { return Ok(Envelope::nothing(ask.price, wanted.to_owned())) };
    let mut element = companies::element(company);
    if ask.flag("scrapePeopleTab") {
        element["peopleTab"] = companies::people_stats(company);
    }
    Ok(Envelope::element(ask.price, company.slug(), &element))
}

pub(super) fn people_stats(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((wanted, company)) = sought(ask) else {
        return Ok(Envelope::failure(ask.price, 400, "query is required"));
    };
    Ok(match company {
        Some(company) => Envelope::element(ask.price, company.slug(), &companies::people_stats(company)),
        None => Envelope::nothing(ask.price, wanted.to_owned()),
    })
}

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let filters = Filters::of(ask, &FILTERS, &[("location", "geoId")]);
    let found =
        companies::all().filter(|company| filters.pass(*company) && words.are_in(|| company.summary()));
    let page = Page::numbered(ask, found.collect(), SIZE, u64::MAX);
    Ok(Envelope::rows(ask.price, page.rows.into_iter().map(companies::row).collect(), page.pagination))
}

/// Sales Navigator's search for companies.
pub(super) fn accounts(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let free = ask.value("salesNavUrl").is_some();
    let words = Words::parse(ask.value("search").filter(|_| !free));
    let overridden = [("headquarterLocations", "headquarterGeoIds")];
    let filters = if free { Filters::none() } else { Filters::of(ask, &ACCOUNT_FILTERS, &overridden) };
    let found =
        companies::all().filter(|company| filters.pass(*company) && words.are_in(|| company.summary()));
    let page = Page::numbered(ask, found.collect(), ACCOUNTS, 100);
    Ok(Envelope::rows(
        ask.price,
        page.rows.into_iter().map(companies::account_row).collect(),
        page.pagination,
    ))
}

/// What was asked for, and the company that it means: by its own names, else the best match of a search.
fn sought<'a>(ask: &Ask<'a>) -> Option<(&'a str, Option<Company>)> {
    if let Some((_, wanted)) = ask.first(&["url", "universalName", "companyId"]) {
        return Some((wanted, Company::find(wanted)));
    }
    let (_, wanted) = ask.first(&["query", "search"])?;
    let words = Words::parse(Some(wanted));
    let location = ask.value("location");
    let fits = |company: &Company| {
        words.are_in(|| company.name()) && location.is_none_or(|place| company.place().is_named(place))
    };
    let found = Company::find(wanted).or_else(|| companies::all().find(fits));
    Some((wanted, found.filter(|_| !wanted.contains("/in/"))))
}

fn is_in(company: Company, wanted: &str) -> bool {
    company.place().is_named(wanted)
}

fn is_at(company: Company, wanted: &str) -> bool {
    company.place().has_geo_id(wanted)
}

fn has_size(company: Company, wanted: &str) -> bool {
    company.size().is_named(wanted)
}

fn is_in_industry(company: Company, wanted: &str) -> bool {
    company.industry().id == wanted
}
