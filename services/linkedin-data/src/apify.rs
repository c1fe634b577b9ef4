//! Runs of Apify actors: started once, followed, read, and ended where nobody waits for them any more.
mod failure;
mod run;
mod state;

use std::time::Duration;

use granary_credential::{Credential, Grant, Kind};
use granary_formats::money;
use granary_rpc::{Deadline, Error, Reason};
use granary_upstream::{Answer, Auth, Call, Client, Verb};
use serde_json::Value;

use crate::failure::saying;

pub(crate) use run::Run;
pub(crate) use state::{State, is_id};

/// The name under which metadata, metrics and messages know this third party.
pub(crate) const UPSTREAM: &str = "apify";
/// How long one question waits for the end of a run, in seconds; well below the client's longest silence.
const WAIT: u64 = 20;
/// How many rows are fetched at a time.
const ROWS: usize = 20;
/// Longest time for the end of a run that nobody waits for.
const ABORT_TIMEOUT: Duration = Duration::from_secs(10);
/// What is kept of the deadline, so that an error that names the run still arrives.
const COLLECT_TIMEOUT: Duration = Duration::from_millis(700);

/// Calls to Apify for one account.
#[derive(Clone)]
pub(crate) struct Apify {
    client: Client,
    grant: Grant,
    deadline: Deadline,
}

impl Apify {
    pub(crate) fn new(client: &Client, grant: &Grant, deadline: Deadline) -> Self {
        let margin = COLLECT_TIMEOUT.min(deadline.remaining() / 10);
        let deadline = Deadline::after(deadline.remaining().saturating_sub(margin));
        Self { client: client.clone(), grant: grant.clone(), deadline }
    }

    /// Starts a run that may cost this much at most. Where the caller goes away meanwhile, the start is followed to its
    /// end, and the run ended.
    ///
    /// # Errors
    /// `UNKNOWN_OUTCOME` where a run may have begun.
    pub(crate) async fn start(&self, actor: &str, input: Value, most: i64) -> Result<Run, Error> {
        let mut call = Call::new(Verb::Post, format!("/v2/acts/{actor}/runs"));
        call.query = vec![
            ("maxTotalChargeUsd".to_owned(), money::dollars(most)),
            ("waitForFinish".to_owned(), "0".to_owned()),
        ];
        call.body = Some(input);
        let apify = self.clone();
        let start = async move {
            let answer = apify.send(call, apify.deadline).await?;
            let body = failure::succeeded(&answer, true)?;
            match State::read(&body) {
                Ok(state) => Ok(Run::new(apify, state)),
                Err(_) => Err(failure::unknown(answer.status, State::id_in(&body))),
            }
        };
        match tokio::spawn(start).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::new(Reason::Internal, "a run's start was broken off")),
        }
    }

    /// A run that was begun before. Whoever has it may drop it: it goes on.
    ///
    /// # Errors
    /// `UPSTREAM_NOT_FOUND` where the token's owner has no such run.
    pub(crate) async fn find(&self, id: &str) -> Result<Run, Error> {
        let answer = self.send(get(format!("/v2/actor-runs/{id}")), self.deadline).await?;
        let state = State::read(&failure::succeeded(&answer, false)?)?;
        if state.id != id {
            return Err(failure::unreadable("the run that was asked for"));
        }
        Ok(Run::found(self.clone(), state))
    }

    /// Asks for the user that the token belongs to. Free.
    pub(crate) async fn user(&self) -> Result<Answer, Error> {
        self.send(get("/v2/users/me"), self.deadline).await
    }

    async fn send(&self, call: Call, deadline: Deadline) -> Result<Answer, Error> {
        let (credential, _) = self.grant.one_of(&[Kind::ApifyToken])?;
        let auth = Auth::new(self.grant.secrets());
        let auth = match credential {
            Credential::ApifyToken { token } => auth.bearer(token),
            _ => auth,
        };
        self.client.send(call, auth, deadline).await
    }
}

/// Looks for the user that the token belongs to in an answer about it.
///
/// # Errors
/// What a failed answer means; `UPSTREAM_MALFORMED` where no user is told.
pub(crate) fn owner(answer: &Answer) -> Result<(), Error> {
    let body = failure::succeeded(answer, false)?;
    match body["data"]["id"].as_str() {
        Some(id) if !id.trim().is_empty() => Ok(()),
        _ => Err(saying(failure::unreadable("a user"), body["error"]["message"].as_str())),
    }
}

/// A read.
fn get(path: impl Into<String>) -> Call {
    Call { repeatable: true, ..Call::new(Verb::Get, path) }
}

/// Micro-dollars of a number of dollars.
fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => money::micros(&number.to_string()),
        Value::String(text) => money::micros(text),
        _ => None,
    }
}
