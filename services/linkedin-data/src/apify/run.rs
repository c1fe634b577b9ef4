//! One run: what is known of it, its rows, and its end.
use std::time::Duration;

use granary_proto::granary::types::v1::Charge;
use granary_rpc::{Deadline, Error, Reason};
use granary_upstream::{Call, Verb};
use serde_json::Value;
use tokio::time::Instant;

use super::{ABORT, Apify, ROWS, WAIT, failure, get, micros};
use crate::failure::{CHARGE, saying};

/// What an actor says, in small letters, where its user has had as many runs as are free.
const NO_RUN_LEFT: &str = "run limit";
/// What it says where the cap of the run is reached, which is ours.
const NO_MONEY_LEFT: &str = "max charge reached";
/// Shortest time between two questions about a run.
const PAUSE: Duration = Duration::from_millis(250);
/// How long rows that were charged are looked for after the end of a run, and the time between two looks.
const LATE_TIMEOUT: Duration = Duration::from_secs(20);
const MIN_LATE_PAUSE: Duration = Duration::from_millis(500);
const MAX_LATE_PAUSE: Duration = Duration::from_secs(4);

/// A run that was started. Dropped before it ended or was let go, it is ended at Apify, too.
pub(crate) struct Run {
    apify: Apify,
    state: State,
    /// Whether nobody would wait for it, once this is dropped.
    ours: bool,
}

/// What Apify says of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) dataset: String,
    /// All that was said.
    pub(crate) json: Value,
}

/// Whether a text may be the id of a run or of a dataset. It becomes a part of paths.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl State {
    /// Reads an answer about a run.
    pub(super) fn read(body: &Value) -> Result<Self, Error> {
        let data = &body["data"];
        let word = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let state = Self {
            id: word("id"),
            status: word("status"),
            message: word("statusMessage"),
            dataset: word("defaultDatasetId"),
            json: data.clone(),
        };
        if is_id(&state.id) && is_id(&state.dataset) { Ok(state) } else { Err(failure::unreadable("a run")) }
    }

    /// The id alone, where an answer tells no more of a run that it began.
    pub(super) fn id_in(body: &Value) -> Option<&str> {
        body["data"]["id"].as_str().filter(|id| is_id(id))
    }

    /// Whether it will not change any more.
    pub(crate) fn ended(&self) -> bool {
        ["SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"].contains(&self.status.as_str())
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// Whether it was let do no more, though Apify calls it a success: the actor ends by itself where the user has used up the
    /// runs that are free, or the cap is reached, and says so.
    pub(crate) fn is_limited(&self) -> bool {
        self.says(NO_RUN_LEFT) || self.says(NO_MONEY_LEFT)
    }

    fn says(&self, words: &str) -> bool {
        self.message.to_lowercase().contains(words)
    }

    /// Results that were charged, by the run's own count. Starts are charged, too, and are none; nor are what Apify itself
    /// charges for each row beside the actor's events.
    pub(crate) fn charged_results(&self) -> usize {
        let is_result = |event: &str| !event.contains("start") && !event.starts_with("apify-");
        let results = self.charged_events().filter(|(event, _)| is_result(event));
        results.filter_map(|(_, count)| usize::try_from(count).ok()).fold(0, usize::saturating_add)
    }

    fn charged_events(&self) -> impl Iterator<Item = (&String, u64)> {
        let events = self.json["chargedEventCounts"].as_object().into_iter().flatten();
        events.filter_map(|(event, count)| Some((event, count.as_u64()?)))
    }

    /// What was billed, as far as it is told. A sum of nothing beside events that were charged is one that Apify has not made
    /// yet: for some seconds after its end a run shows 0.
    pub(crate) fn charge(&self) -> Charge {
        let billed = self.charged_events().filter(|(_, count)| *count > 0);
        let payment_codes: Vec<String> = billed.map(|(event, _)| event.clone()).collect();
        let sum = micros(&self.json["usageTotalUsd"]);
        Charge {
            cost_micros: sum.filter(|sum| *sum != 0 || payment_codes.is_empty()),
            payment_codes,
            upstream_request_id: Some(self.id.clone()),
        }
    }
}

impl Run {
    pub(super) fn new(apify: Apify, state: State) -> Self {
        Self { apify, state, ours: true }
    }

    /// One that somebody else waits for, or nobody.
    pub(super) fn found(apify: Apify, state: State) -> Self {
        Self { apify, state, ours: false }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Waits until the run has ended, or for this long.
    ///
    /// # Errors
    /// `DEADLINE_EXCEEDED` where the call's time is over first; the run goes on, and the error names it.
    pub(crate) async fn wait(&mut self, most: u64) -> Result<(), Error> {
        let left = self.apify.deadline.remaining();
        if left.is_zero() {
            return Err(self.late());
        }
        let seconds = most.min(WAIT).min(left.as_secs());
        let mut call = get(format!("/v2/actor-runs/{}", self.state.id));
        call.query = vec![("waitForFinish".to_owned(), seconds.to_string())];
        let begin = Instant::now();
        let outcome = self.apify.send(call, self.apify.deadline).await;
        match outcome
            .and_then(|answer| failure::succeeded(&answer, false))
            .and_then(|body| State::read(&body))
        {
            Ok(state) if state.id == self.state.id => self.state = state,
            Ok(_) => return Err(self.gone(failure::unreadable("the run that was asked for"))),
            Err(error) if error.reason() == Reason::DeadlineExceeded => return Err(self.late()),
            // What passes is asked again; the run goes on meanwhile.
            Err(error)
                if matches!(error.reason(), Reason::UpstreamUnavailable | Reason::UpstreamThrottled) =>
            {
                let pause = error.retry_delay().unwrap_or_default().max(Duration::from_secs(1));
                if pause >= self.apify.deadline.remaining() {
                    return Err(self.late());
                }
                tokio::time::sleep(pause).await;
            }
            Err(error) => return Err(self.gone(error)),
        }
        if self.state.ended() {
            self.ours = false;
            return Ok(());
        }
        // Apify answers once the run has ended; where it does so early, it is not asked in a rush.
        tokio::time::sleep_until(begin + PAUSE.min(left)).await;
        Ok(())
    }

    /// The rows from this one on, as many as are there; `most` bounds them.
    ///
    /// # Errors
    /// As [`Run::wait`].
    pub(crate) async fn rows(&mut self, from: usize, most: usize) -> Result<Vec<Value>, Error> {
        let mut rows = Vec::new();
        while rows.len() < most {
            let limit = ROWS.min(most - rows.len());
            let mut call = get(format!("/v2/datasets/{}/items", self.state.dataset));
            call.query = [
                ("format", "json".to_owned()),
                ("offset", (from + rows.len()).to_string()),
                ("limit", limit.to_string()),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .to_vec();
            let outcome = self.apify.send(call, self.apify.deadline).await;
            let page = match outcome.and_then(|answer| failure::succeeded(&answer, false)) {
                // More rows than were asked for are no page of this dataset.
                Ok(Value::Array(page)) if page.len() <= limit => page,
                Ok(_) => return Err(self.gone(failure::unreadable("rows"))),
                Err(error) if error.reason() == Reason::DeadlineExceeded => return Err(self.late()),
                Err(error) => return Err(self.gone(error)),
            };
            let full = page.len() >= limit;
            rows.extend(page);
            if !full {
                break;
            }
        }
        Ok(rows)
    }

    /// The rows from this one on of a run that has ended, of which `asked` are expected. What was charged may be in the dataset
    /// only some seconds later, and is looked for again, within the deadline.
    ///
    /// # Errors
    /// As [`Run::wait`]; of a later look none, since there are rows to deliver.
    pub(crate) async fn last_rows(
        &mut self,
        from: usize,
        most: usize,
        asked: usize,
    ) -> Result<Vec<Value>, Error> {
        let mut rows = self.rows(from, most).await?;
        let expected = self.state.charged_results().saturating_sub(from).min(asked);
        let end = Instant::now() + LATE_TIMEOUT.min(self.apify.deadline.remaining());
        let mut pause = MIN_LATE_PAUSE;
        while rows.len() < expected.min(most) && Instant::now() + pause < end {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_LATE_PAUSE);
            match self.rows(from + rows.len(), most - rows.len()).await {
                Ok(more) => rows.extend(more),
                Err(_) => break,
            }
        }
        Ok(rows)
    }

    /// The error of a run whose every row says in a profile's place what is wrong.
    pub(crate) fn nothing_but(&mut self, said: &str) -> Error {
        let text = "every row of the run of apify is a failure";
        let error = Error::new(Reason::UpstreamUnavailable, text).with("upstream", super::UPSTREAM);
        self.gone(saying(error, Some(said)))
    }

    /// The error of a run that ended without anything to show for it; `None` where that may be so.
    pub(crate) fn refusal(&mut self) -> Option<Error> {
        let (reason, text) = match (self.state.succeeded(), self.state.says(NO_RUN_LEFT)) {
            (true, false) => return None,
            (true, true) => (Reason::OutOfCredit, "apify lets this user's run fetch nothing".to_owned()),
            (false, _) => {
                let status = granary_upstream::status::tidy(&self.state.status);
                (Reason::UpstreamUnavailable, format!("the run of apify ended as {status}"))
            }
        };
        let said = Some(self.state.message.as_str()).filter(|said| !said.is_empty());
        let text = match said {
            Some(said) => format!("{text}: {}", granary_upstream::status::tidy(said)),
            None => text,
        };
        let error = Error::new(reason, text).with("upstream", super::UPSTREAM);
        Some(self.gone(saying(error, said)))
    }

    /// An error after which the run goes its own way; it says which run, and what was billed.
    fn gone(&mut self, error: Error) -> Error {
        self.ours = false;
        let error =
            error.with("run_id", self.state.id.clone()).with("dataset_id", self.state.dataset.clone());
        match self.state.charge().cost_micros.filter(|_| self.state.ended()) {
            Some(micros) => error.with(CHARGE, micros.to_string()),
            None => error,
        }
    }

    fn late(&mut self) -> Error {
        let text = "the deadline passed before the run of apify was read; it goes on, and is billed: get_bulk_run collects it";
        let error = Error::new(Reason::DeadlineExceeded, text)
            .with("upstream", super::UPSTREAM)
            .with("collect_with", "get_bulk_run");
        self.gone(error)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.ours {
            return;
        }
        let (apify, id) = (self.apify.clone(), self.state.id.clone());
        runtime.spawn(async move {
            let call = Call::new(Verb::Post, format!("/v2/actor-runs/{id}/abort"));
            if apify.send(call, Deadline::after(ABORT)).await.is_err() {
                tracing::warn!(run = id, "a run that nobody waits for could not be ended");
            }
        });
    }
}
