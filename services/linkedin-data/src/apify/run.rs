//! One run: waiting for it, its rows, and its end.
use std::time::Duration;

use granary_rpc::{Deadline, Error, Reason};
use granary_upstream::{Call, Verb};
use serde_json::Value;
use tokio::time::Instant;

use super::{ABORT_TIMEOUT, Apify, ROWS, State, WAIT, failure, get};
use crate::failure::{CHARGE, saying};

/// Shortest time between two questions about a run.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long rows that were charged are looked for after the end of a run, and the time between two looks.
const LATE_TIMEOUT: Duration = Duration::from_secs(20);
const MIN_LATE_INTERVAL: Duration = Duration::from_millis(500);
const MAX_LATE_INTERVAL: Duration = Duration::from_secs(4);

/// A run that was started. Dropped before it ended or was let go, it is ended at Apify, too.
pub(crate) struct Run {
    apify: Apify,
    state: State,
    /// Whether the run is aborted at Apify when this is dropped.
    abort_on_drop: bool,
    /// Whether this call began it, and pays for it.
    begun: bool,
}

impl Run {
    pub(super) fn new(apify: Apify, state: State) -> Self {
        Self { apify, state, abort_on_drop: true, begun: true }
    }

    /// One that somebody else waits for, or nobody.
    pub(super) fn found(apify: Apify, state: State) -> Self {
        Self { apify, state, abort_on_drop: false, begun: false }
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
            Err(error) if passes(&error) => {
                let pause = error.retry_delay().unwrap_or_default().max(Duration::from_secs(1));
                if pause >= self.apify.deadline.remaining() {
                    return Err(self.late());
                }
                tokio::time::sleep(pause).await;
            }
            Err(error) => return Err(self.gone(error)),
        }
        if self.state.ended() {
            self.abort_on_drop = false;
            return Ok(());
        }
        // Apify answers once the run has ended; where it does so early, it is not asked in a rush.
        tokio::time::sleep_until(begin + POLL_INTERVAL.min(left)).await;
        Ok(())
    }

    /// The rows from this one on, as many as are there; `most` bounds them.
    ///
    /// # Errors
    /// As [`Run::wait`].
    pub(crate) async fn rows(&mut self, from: usize, most: usize) -> Result<Vec<Value>, Error> {
        self.rows_within(LATE_TIMEOUT, from, most).await
    }

    /// The same; what passes is asked again for so long.
    async fn rows_within(
        &mut self,
        patience: Duration,
        from: usize,
        most: usize,
    ) -> Result<Vec<Value>, Error> {
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
            let page = match self.page(call, patience).await {
                // More rows than were asked for are no page of this dataset.
                Ok(Value::Array(page)) if page.len() <= limit => page,
                Ok(_) => return Err(self.gone(failure::unreadable("rows"))),
                Err(error) if error.reason() == Reason::DeadlineExceeded => return Err(self.late()),
                Err(error) => return Err(self.unread(error)),
            };
            let full = page.len() >= limit;
            rows.extend(page);
            if !full {
                break;
            }
        }
        Ok(rows)
    }

    /// One page of rows. What passes is asked again for so long: the rows are there, and paid for.
    async fn page(&self, call: Call, patience: Duration) -> Result<Value, Error> {
        let end = Instant::now() + patience.min(self.apify.deadline.remaining());
        let mut pause = MIN_LATE_INTERVAL;
        loop {
            let outcome = self.apify.send(call.clone(), self.apify.deadline).await;
            match outcome.and_then(|answer| failure::succeeded(&answer, false)) {
                Err(error) if passes(&error) => {
                    let wait = error.retry_delay().unwrap_or_default().max(pause);
                    if Instant::now() + wait >= end {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                    pause = (pause * 2).min(MAX_LATE_INTERVAL);
                }
                outcome => return outcome,
            }
        }
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
        let mut pause = MIN_LATE_INTERVAL;
        while rows.len() < expected.min(most) && Instant::now() + pause < end {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_LATE_INTERVAL);
            match self.rows_within(Duration::ZERO, from + rows.len(), most - rows.len()).await {
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
        let (reason, text) = match (self.state.succeeded(), self.state.has_no_run_left()) {
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

    /// The error of rows that could not be read. Where this call began the run, that nobody answers now is no reason to begin
    /// another.
    fn unread(&mut self, error: Error) -> Error {
        if !self.begun || !passes(&error) {
            return self.gone(error);
        }
        // What it failed of says more.
        if self.state.ended()
            && let Some(refusal) = self.refusal()
        {
            return refusal;
        }
        let text = "the rows of the run of apify could not be read; it was begun, and is billed: get_bulk_run collects it";
        let told = Error::new(Reason::UnknownOutcome, text).with("upstream", super::UPSTREAM);
        let told = match error.get("upstream_status") {
            Some(status) => told.with("upstream_status", status),
            None => told,
        };
        self.gone(told.caused_by(error))
    }

    /// An error after which the run goes its own way; it says which run, what was billed, and what collects it.
    fn gone(&mut self, error: Error) -> Error {
        self.abort_on_drop = false;
        let error = error
            .with("run_id", self.state.id.clone())
            .with("dataset_id", self.state.dataset.clone())
            .with("collect_with", "get_bulk_run");
        match self.state.charge().cost_micros.filter(|_| self.state.ended()) {
            Some(micros) => error.with(CHARGE, micros.to_string()),
            None => error,
        }
    }

    fn late(&mut self) -> Error {
        let text = "the deadline passed before the run of apify was read; it goes on, and is billed: get_bulk_run collects it";
        self.gone(Error::new(Reason::DeadlineExceeded, text).with("upstream", super::UPSTREAM))
    }
}

/// Whether it may be otherwise in a moment.
fn passes(error: &Error) -> bool {
    matches!(error.reason(), Reason::UpstreamUnavailable | Reason::UpstreamThrottled)
}

impl Drop for Run {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.abort_on_drop {
            return;
        }
        let (apify, id) = (self.apify.clone(), self.state.id.clone());
        runtime.spawn(async move {
            let call = Call::new(Verb::Post, format!("/v2/actor-runs/{id}/abort"));
            if apify.send(call, Deadline::after(ABORT_TIMEOUT)).await.is_err() {
                tracing::warn!(run = id, "a run that nobody waits for could not be ended");
            }
        });
    }
}
