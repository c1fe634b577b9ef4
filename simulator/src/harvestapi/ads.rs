//! Ads: one, and the search of the Ad Library.

use http::StatusCode;
use serde_json::json;

use super::ask::Ask;
use super::envelope::Envelope;
use super::errors::failure;
use super::pages::{Page, Tokens};
use super::population::ads::{self, Ad};
use super::population::clock::{DAY, Now, day};
use super::text::Words;
use crate::kernel::call::parse_form;
use crate::kernel::reply::Reply;

const SIZE: u64 = 24;

/// What is searched for.
struct Search {
    keyword: String,
    owner: String,
    countries: Vec<String>,
    /// First and last day, `YYYY-MM-DD`; an ad that ran on one of these days fits.
    days: (String, String),
}

/// One ad; for one that does not exist the HTTP status itself is 404.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["adId", "url"]) else {
        return Ok(Envelope::failure(ask.price, 400, "adId or url is required"));
    };
    match Ad::find(wanted) {
        Some(ad) => Ok(Envelope::element(ask.price, ad.id(), &ads::element(ad, ask.now))),
        None => Err(failure(StatusCode::NOT_FOUND, Some("Ad not found"))),
    }
}

/// Pages are had by token alone, and have no numbers.
pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let search = Search::of(ask);
    let words = Words::parse(Some(&search.keyword));
    let found = ads::all().filter(|ad| {
        search.fits(*ad, ask.now) && words.are_in(|| format!("{} {}", ad.headline(), ad.text()))
    });
    let subject = format!("{} {} {:?} {:?}", search.keyword, search.owner, search.countries, search.days);
    let mut page = Page::by_token(ask, found.collect(), SIZE, &subject, Tokens::Needed);
    page.pagination["pageNumber"] = json!(null);
    page.pagination["previousElements"] = json!(0);
    Ok(Envelope::rows(ask.price, page.rows.into_iter().map(ads::row).collect(), page.pagination))
}

impl Search {
    /// The URL of a search in the Ad Library takes the place of all other parameters.
    fn of(ask: &Ask<'_>) -> Self {
        let url = ask.value("searchUrl");
        let in_url =
            url.and_then(|url| url.split_once('?')).map(|(_, query)| parse_form(query)).unwrap_or_default();
        let value = |name: &str| match url {
            Some(_) => {
                in_url.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
            }
            None => ask.value(name).unwrap_or_default().to_owned(),
        };
        let countries = value("countries");
        let countries = countries.split(',').map(str::trim).filter(|code| !code.is_empty() && *code != "ALL");
        let days = match value("dateOption").as_str() {
            "custom-date-range" => (value("startdate"), value("enddate")),
            option => days(option, ask.now),
        };
        Self {
            keyword: value("keyword"),
            owner: value("accountOwner").trim().to_lowercase(),
            countries: countries.map(str::to_uppercase).collect(),
            days,
        }
    }

    fn fits(&self, ad: Ad, now: Now) -> bool {
        let (from, to) = ad.ran(now);
        let (first, last) = &self.days;
        (self.owner.is_empty() || ad.advertiser().is_named(&self.owner))
            && (self.countries.is_empty()
                || self.countries.iter().any(|code| code == ad.place().country_code()))
            && (first.is_empty() || day(to) >= *first)
            && (last.is_empty() || day(from) <= *last)
    }
}

/// The days that a name stands for; no limits for one that is not known.
fn days(option: &str, now: Now) -> (String, String) {
    let today = day(now.real);
    let year: i32 = today.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    match option {
        "last-30-days" => (day(now.real - 30 * DAY), today),
        "current-month" => (format!("{}-01", today.get(..7).unwrap_or_default()), today),
        "current-year" => (format!("{year}-01-01"), today),
        "last-year" => (format!("{}-01-01", year - 1), format!("{}-12-31", year - 1)),
        _ => (String::new(), String::new()),
    }
}
