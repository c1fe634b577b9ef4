//! The actor that searches the leads of companies, page by page.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::actor::Event;
use super::input::{Input, field};
use super::options::Options;
use super::plan::{Group, Plan, Step};
use super::row::{Meta, PAGE};
use super::status::End;
use super::token::{Settings, Tier};
use crate::harvestapi::population::scrape::{self, Colleague};
use crate::kernel::reply::Reply;

/// How much of each person is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Short,
    Full,
    Email,
}

/// What people must look like; texts are held against each other without regard to case.
struct Filter {
    titles: Vec<String>,
    places: Vec<String>,
    not_titles: Vec<String>,
    not_places: Vec<String>,
    search: String,
}

/// How much of a search is taken.
struct Extent {
    first_page: usize,
    pages: usize,
    /// Profiles that may still come.
    left: usize,
    /// Profiles of one company, when each is searched alone.
    per_company: usize,
}

const MAX_COMPANIES: usize = 1000;
/// Companies that one search can hold.
const MAX_AT_ONCE: usize = 10;
/// Pages of a search for leads.
const MAX_PAGES: usize = 100;

pub(super) fn plan(input: &Input, options: &Options, settings: &Settings) -> Result<Plan, Reply> {
    let companies = cleaned(input, "companies")?;
    if companies.len() > MAX_COMPANIES {
        return Err(field("companies", "must NOT have more than 1000 items"));
    }
    let one_by_one = match input.text("companyBatchMode")? {
        None | Some("all_at_once") => false,
        Some("one_by_one") => true,
        Some(_) => return Err(field("companyBatchMode", "must be all_at_once or one_by_one")),
    };
    let mode = match input.text("profileScraperMode")? {
        Some("Short ($4 per 1k)" | "1") => Mode::Short,
        Some("Full + email search ($12 per 1k)" | "3") => Mode::Email,
        _ => Mode::Full,
    };
    let filter = Filter::parse(input)?;
    let extent = Extent::parse(input, mode, options, settings)?;
    if companies.is_empty() {
        return Ok(Plan::nothing(End::succeeded("no companies")));
    }
    let Some(mut extent) = extent else { return Ok(Plan::nothing(End::succeeded("no limits"))) };
    let searches: Vec<Vec<String>> = if one_by_one {
        companies.into_iter().map(|company| vec![company]).collect()
    } else if companies.len() > MAX_AT_ONCE {
        return Ok(Plan::nothing(End::succeeded("up to 10 companies")));
    } else {
        vec![companies]
    };
    let mut groups = Vec::new();
    for companies in searches {
        if extent.left == 0 {
            break;
        }
        let steps = search(&companies, mode, &filter, &mut extent);
        groups.push(Group { fee: Some(Event::ActorStart), steps });
    }
    Ok(Plan { groups, end: End::succeeded("success") })
}

fn search(companies: &[String], mode: Mode, filter: &Filter, extent: &mut Extent) -> Vec<Step> {
    let slugs: Vec<_> = companies.iter().filter_map(|company| scrape::company_slug(company)).collect();
    let found: Vec<_> = scrape::colleagues()
        .filter(|colleague| slugs.contains(&colleague.company) && filter.fits(colleague))
        .collect();
    let query = Arc::new(filter.show(companies));
    let most = extent.left.min(extent.per_company).min(extent.pages.saturating_mul(PAGE));
    let skipped = (extent.first_page - 1) * PAGE;
    let total = found.len();
    let steps: Vec<_> = found
        .into_iter()
        .enumerate()
        .skip(skipped)
        .take(most)
        .map(|(at, colleague)| Step::Lead {
            event: mode.event(colleague.has_address),
            slug: colleague.slug.into(),
            meta: Arc::new(Meta { page: at / PAGE + 1, total, query: query.clone() }),
        })
        .collect();
    extent.left -= steps.len();
    steps
}

impl Mode {
    fn event(self, has_address: bool) -> Event {
        match self {
            Self::Short => Event::ShortProfile,
            Self::Email if has_address => Event::FullProfileWithEmail,
            Self::Full | Self::Email => Event::FullProfile,
        }
    }

    /// Profiles that the actor fetches in one run for somebody who does not pay Apify.
    fn most_for_free(self) -> usize {
        match self {
            Self::Email => 10,
            Self::Short | Self::Full => 25,
        }
    }
}

impl Filter {
    fn parse(input: &Input) -> Result<Self, Reply> {
        Ok(Self {
            titles: cleaned(input, "jobTitles")?,
            places: cleaned(input, "locations")?,
            not_titles: cleaned(input, "excludeCurrentJobTitles")?,
            not_places: cleaned(input, "excludeLocations")?,
            search: input.text("searchQuery")?.unwrap_or_default().trim().to_owned(),
        })
    }

    fn fits(&self, colleague: &Colleague) -> bool {
        let (title, place) = (colleague.title.to_lowercase(), colleague.place.to_lowercase());
        let any = |wanted: &[String], text: &str| wanted.iter().any(|w| text.contains(&w.to_lowercase()));
        let search = self.search.to_lowercase();
        (self.titles.is_empty() || any(&self.titles, &title))
            && (self.places.is_empty() || any(&self.places, &place))
            && !any(&self.not_titles, &title)
            && !any(&self.not_places, &place)
            && (title.contains(&search) || colleague.slug.contains(&search))
    }

    /// The search as the rows repeat it, without what is empty.
    fn show(&self, companies: &[String]) -> Map<String, Value> {
        let mut shown = Map::new();
        for (name, texts) in [
            ("currentCompanies", companies),
            ("location", &self.places),
            ("currentJobTitles", &self.titles),
            ("excludeLocations", &self.not_places),
            ("excludeCurrentJobTitles", &self.not_titles),
        ] {
            if !texts.is_empty() {
                shown.insert(name.to_owned(), json!(texts));
            }
        }
        if !self.search.is_empty() {
            shown.insert("search".to_owned(), json!(self.search));
        }
        shown
    }
}

impl Extent {
    /// None when neither a number of profiles nor one of pages is given. A 0 stands for no limit.
    fn parse(
        input: &Input,
        mode: Mode,
        options: &Options,
        settings: &Settings,
    ) -> Result<Option<Self>, Reply> {
        let (items, pages) = (input.integer("maxItems")?, input.integer("takePages")?);
        let first_page = input.integer("startPage")?.unwrap_or(1).max(1);
        let per_company = input.integer("maxItemsPerCompany")?;
        for (name, value) in [("takePages", pages.unwrap_or(0)), ("startPage", first_page)] {
            if value > MAX_PAGES {
                return Err(field(name, "must be at most 100"));
            }
        }
        if items.is_none() && pages.is_none() {
            return Ok(None);
        }
        let unless_zero = |most: Option<usize>| most.filter(|most| *most > 0).unwrap_or(usize::MAX);
        let mut extent = Self {
            first_page,
            pages: unless_zero(pages).min(MAX_PAGES),
            left: unless_zero(items).min(options.max_items.unwrap_or(usize::MAX)),
            per_company: unless_zero(per_company),
        };
        if settings.tier == Tier::Free {
            extent.left = extent.left.min(mode.most_for_free());
            extent.pages = 1;
        }
        Ok(Some(extent))
    }
}

/// Commas separate the values of a search, so the actor takes them out.
fn cleaned(input: &Input, name: &str) -> Result<Vec<String>, Reply> {
    let texts = input.texts(name)?.into_iter();
    let clean = |text: &str| text.replace(',', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(texts.map(clean).filter(|text| !text.is_empty()).collect())
}
