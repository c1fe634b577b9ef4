//! Jobs: one, and their search.

use super::ask::Ask;
use super::envelope::Envelope;
use super::filter::{Filter, Filters, only};
use super::pages::Page;
use super::population::jobs::{self, Job};
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 25;
const MAX_VALUES: usize = 50;
const FILTERS: [Filter<Job>; 9] = [
    only(&["company", "companyId", "companyUniversalName"], MAX_VALUES, is_at_company),
    only(&["location"], MAX_VALUES, is_in),
    only(&["geoId"], MAX_VALUES, is_at),
    only(&["workplaceType"], MAX_VALUES, has_workplace),
    only(&["employmentType"], MAX_VALUES, has_employment),
    only(&["experienceLevel"], MAX_VALUES, has_level),
    only(&["salary"], MAX_VALUES, pays),
    only(&["industryId"], MAX_VALUES, is_in_industry),
    only(&["functionId"], MAX_VALUES, has_function),
];
/// Fewer than that many have applied.
const FEW: u64 = 10;

/// One job; an id that is no number is refused free of charge.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let wanted = ask.first(&["jobId", "url"]).and_then(|(_, wanted)| Job::id_in(wanted));
    let Some(id) = wanted else { return Ok(Envelope::failure(ask.price, 400, "Invalid job id")) };
    Ok(match Job::with_id(id) {
        Some(job) => {
            Envelope::element(ask.price, job.id(), &jobs::element(job, ask.flag("withCompany"), ask.now))
        }
        None => Envelope::failure(ask.price, 404, "Job not found"),
    })
}

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let filters = Filters::of(ask, &FILTERS, &[("location", "geoId")]);
    let limit = ask.value("postedLimit").unwrap_or_default();
    let (few, easy) = (ask.flag("under10Applicants"), ask.flag("easyApply"));
    let found = jobs::all().filter(|job| {
        filters.pass(*job)
            && ask.now.within(limit, job.posted(ask.now))
            && (!few || job.applicants() < FEW)
            && (!easy || job.easy_apply())
            && words.are_in(|| job.text())
    });
    let mut found: Vec<_> = found.collect();
    if ask.value("sortBy") != Some("date") {
        // By relevance, jobs whose very title was asked for come first.
        found.sort_by_key(|job| !words.are_in(|| job.role().title.to_owned()));
    }
    let page = Page::numbered(ask, found, SIZE, u64::MAX);
    let rows = page.rows.into_iter().map(|job| jobs::row(job, ask.now)).collect();
    Ok(Envelope::rows(ask.price, rows, page.pagination))
}

fn is_at_company(job: Job, wanted: &str) -> bool {
    job.company().is_named(wanted)
}

fn is_in(job: Job, wanted: &str) -> bool {
    job.place().is_named(wanted)
}

fn is_at(job: Job, wanted: &str) -> bool {
    job.place().has_geo_id(wanted)
}

fn has_workplace(job: Job, wanted: &str) -> bool {
    job.workplace().0 == wanted
}

fn has_employment(job: Job, wanted: &str) -> bool {
    job.employment().0 == wanted
}

fn has_level(job: Job, wanted: &str) -> bool {
    job.level().0 == wanted
}

/// `40k+`: the least that it pays reaches that.
fn pays(job: Job, wanted: &str) -> bool {
    let thousands =
        wanted.trim_end_matches(['+', ' ']).strip_suffix('k').and_then(|text| text.parse::<u64>().ok());
    thousands.is_some_and(|wanted| job.salary().is_some_and(|(least, _)| least >= wanted * 1000))
}

fn is_in_industry(job: Job, wanted: &str) -> bool {
    job.company().industry().id == wanted
}

fn has_function(job: Job, wanted: &str) -> bool {
    job.role().function == wanted
}
