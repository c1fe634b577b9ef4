//! Many profiles by one run of Apify: each different one is fetched and billed once, and every one of the request answered.
mod plan;

use futures_util::stream;
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::stream_bulk_scrape_profiles_response::Event;
use granary_proto::granary::types::v1::Warning;
use granary_rpc::{Error, Reason};
use serde_json::{Value, json};
use tonic::Status;

use crate::answer;
use crate::apify::{Run, State};
use crate::context::CallContext;
use crate::price;
use crate::streamed::Streamed;
use plan::Plan;

pub(crate) use plan::row;

const ACTOR: &str = "harvestapi~linkedin-profile-scraper";
const PLAIN: &str = "Profile details no email ($4 per 1k)";
const WITH_EMAIL: &str = "Profile details + email search ($10 per 1k)";
/// How long a run is waited for between two looks at its rows, in seconds.
const LOOK: u64 = 3;

/// All profiles at once.
pub(crate) async fn all(context: &CallContext) -> Result<wire::BulkScrapeProfilesResponse, Error> {
    let mut bulk = Bulk::new(context, false);
    let mut response = wire::BulkScrapeProfilesResponse::default();
    while let Some(events) = bulk.step(context).await? {
        for event in events {
            match event {
                Event::Progress(_) => {}
                Event::Element(element) => response.elements.push(element),
                Event::End(end) => {
                    response.run = end.run;
                    response.charge = end.charge;
                    response.warnings = end.warnings;
                    response.extra = end.extra;
                }
            }
        }
    }
    response.elements.sort_by_key(|element| element.index);
    Ok(response)
}

/// Each profile as it arrives, with how far the run is. It begins once the run has begun.
pub(crate) async fn stream(
    context: CallContext,
) -> Result<Streamed<wire::StreamBulkScrapeProfilesResponse>, Status> {
    let mut bulk = Bulk::new(&context, true);
    let first = bulk.step(&context).await.map_err(|error| context.refuse(error))?;
    let start = (context, bulk, first.unwrap_or_default().into_iter(), false);
    let events = stream::unfold(start, |(context, mut bulk, mut waiting, over)| async move {
        loop {
            if let Some(event) = waiting.next() {
                let answer = wire::StreamBulkScrapeProfilesResponse { event: Some(event) };
                return Some((Ok(answer), (context, bulk, waiting, over)));
            }
            if over {
                return None;
            }
            match Box::pin(bulk.step(&context)).await {
                Ok(Some(events)) => waiting = events.into_iter(),
                Ok(None) => return None,
                Err(error) => {
                    let status = context.refuse(error);
                    return Some((Err(status), (context, bulk, waiting, true)));
                }
            }
        }
    });
    Ok(Box::pin(events))
}

/// A run under way, and what it has given so far. Dropped, it ends the run.
struct Bulk {
    plan: Plan,
    run: Option<Run>,
    read: usize,
    /// Whether rows are looked for before the run has ended.
    eager: bool,
    over: bool,
}

impl Bulk {
    fn new(context: &CallContext, eager: bool) -> Self {
        Self {
            plan: Plan::of(context.given_texts("urls"), &context.texts("urls")),
            run: None,
            read: 0,
            eager,
            over: false,
        }
    }

    /// What happens next; nothing after the end.
    async fn step(&mut self, context: &CallContext) -> Result<Option<Vec<Event>>, Error> {
        if self.over {
            return Ok(None);
        }
        let Some(run) = &mut self.run else {
            let run = self.start(context).await?;
            let event = self.progress(&run);
            self.run = Some(run);
            return Ok(Some(vec![event]));
        };
        run.wait(if self.eager { LOOK } else { u64::MAX }).await?;
        let ended = run.state().ended();
        let mut events = Vec::new();
        if self.eager || ended {
            let most = self.plan.most_rows().saturating_sub(self.read);
            let rows = if ended {
                // Of the profiles that were asked for, each is charged once.
                let asked = self.plan.different().len().saturating_sub(self.read);
                run.last_rows(self.read, most, asked).await?
            } else {
                run.rows(self.read, most).await?
            };
            self.read += rows.len();
            events.extend(rows.into_iter().flat_map(|row| self.plan.take(row)).map(Event::Element));
        }
        if ended
            && self.read == 0
            && let Some(error) = run.refusal()
        {
            return Err(error);
        }
        if ended {
            self.over = true;
            let state = run.state();
            let missing = self.plan.missing(state);
            let is_whole = missing.is_empty();
            events.extend(missing.into_iter().map(Event::Element));
            let end = wire::BulkEnd {
                run: Some(answer::run(&state.json)),
                charge: Some(state.charge()),
                warnings: warnings(state, self.read, is_whole),
                extra: self.plan.extra(),
            };
            events.push(Event::End(end));
        } else if let Some(run) = &self.run {
            events.push(self.progress(run));
        }
        Ok(Some(events))
    }

    async fn start(&self, context: &CallContext) -> Result<Run, Error> {
        let mode = if context.is_on("find_email") { WITH_EMAIL } else { PLAIN };
        let input = json!({"profileScraperMode": mode, "urls": self.plan.different()});
        context.start_run(ACTOR, input, worst(context)?).await
    }

    fn progress(&self, run: &Run) -> Event {
        let count = |n: usize| i32::try_from(n).ok();
        Event::Progress(wire::BulkProgress {
            run: Some(answer::run(&run.state().json)),
            asked: count(self.plan.different().len()),
            done: count(self.plan.answered()),
        })
    }
}

/// What the call may cost at most, in micro-dollars.
pub(crate) fn worst(context: &CallContext) -> Result<i64, Error> {
    price::quote(context).map_err(|sku| {
        Error::new(Reason::Internal, "no price is set, so a run cannot be given a cap").with("sku", sku)
    })
}

/// What is to be known of a run that has ended, of which so many rows were read; whether they are known to be all that was
/// asked for.
pub(crate) fn warnings(state: &State, read: usize, is_whole: bool) -> Vec<Warning> {
    if !state.ended() {
        return Vec::new();
    }
    let is_short = !is_whole && (state.is_limited() || (read == 0 && !state.message.is_empty()));
    let cut = !state.succeeded() || is_short;
    cut.then(|| cut_short(state)).into_iter().chain(missing_rows(state, read)).collect()
}

/// The run ended early, or with nothing, and what it gave is delivered all the same.
fn cut_short(state: &State) -> Warning {
    let [status, said] = [&state.status, &state.message].map(|text| granary_upstream::status::tidy(text));
    let said = if said.is_empty() { said } else { format!(" and says \"{said}\"") };
    Warning {
        code: "RUN_CUT_SHORT".to_owned(),
        message: format!("the run of apify ended as {status}{said}; what it had fetched by then is answered"),
        field: String::new(),
    }
}

/// Results were charged, and their rows did not come.
fn missing_rows(state: &State, read: usize) -> Option<Warning> {
    let charged = state.charged_results();
    (charged > read).then(|| Warning {
        code: "ROWS_MISSING".to_owned(),
        message: format!(
            "apify counts {charged} charged results of run {}, and its dataset {} had {read} rows; they may come later",
            state.id, state.dataset
        ),
        field: String::new(),
    })
}

/// A row's text under one of these keys.
fn word<'a>(row: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| row.get(*key)?.as_str())
}
