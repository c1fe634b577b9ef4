//! Starts of runs.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;

use super::actor::Actor;
use super::backend::Backend;
use super::dataset::Selection;
use super::errors::{bad, error, failure, no_actor};
use super::input::Input;
use super::options::{Options, Wait};
use super::plan::Plan;
use super::planning;
use super::route::Target;
use super::run::Run;
use super::runs::Runs;
use super::status::Status;
use super::token::Account;
use super::work::work;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Who starts a run, and where.
pub(super) struct Starter<'a> {
    pub(super) backend: &'a Arc<Backend>,
    pub(super) runs: &'a Runs,
    pub(super) token: &'a str,
    pub(super) account: &'a Account,
}

/// A start of which nothing was found wrong.
struct Ready {
    actor: Actor,
    options: Options,
    plan: Plan,
}

/// Starts a run and answers it, at once or after a while.
pub(super) async fn start(starter: &Starter<'_>, call: &Call, target: Target) -> Result<Reply, Reply> {
    let wait = Wait::parse(call)?;
    let ready = Ready::parse(call, starter.account, target)?;
    let (run, at_once) = ready.run(starter, |run| run.reply(StatusCode::CREATED))?;
    let reply = if run.finished(wait.0).await || !wait.0.is_zero() {
        run.reply(StatusCode::CREATED)
    } else {
        at_once
    };
    Ok(reply.with(LOCATION, &format!("{}/v2/actor-runs/{}", call.origin, run.id())))
}

/// Starts a run, waits for it, and answers its rows.
pub(super) async fn run_sync(starter: &Starter<'_>, call: &Call, target: Target) -> Result<Reply, Reply> {
    let selection = Selection::parse(call)?;
    let ready = Ready::parse(call, starter.account, target)?;
    let (run, ()) = ready.run(starter, |_| ())?;
    if !run.finished(Duration::from_millis(starter.account.settings.sync_limit_ms)).await {
        return Err(failure(StatusCode::REQUEST_TIMEOUT, Some("The run did not end in time; it goes on")));
    }
    match run.status() {
        Status::Succeeded => Ok(selection.answer(&starter.backend.population, &run, StatusCode::CREATED)),
        status => {
            let text = format!("Actor run did not succeed (run ID: {}, status: {})", run.id(), status.word());
            Err(bad("run-failed", &text))
        }
    }
}

impl Ready {
    fn parse(call: &Call, account: &Account, target: Target) -> Result<Self, Reply> {
        let actor = target.ok_or_else(no_actor)?;
        let options = Options::parse(call)?;
        if call.header("content-encoding").is_some_and(|encoding| encoding != "identity") {
            let text = "This simulator takes bodies that are not compressed";
            return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-content-encoding", text));
        }
        let input = Input::parse(&call.body)?;
        let plan = planning::plan(actor, input.as_ref(), &options, &account.settings)?;
        if account.balance < actor.least() {
            let text = "The account has not enough left to run this paid actor";
            return Err(failure(StatusCode::PAYMENT_REQUIRED, Some(text)));
        }
        Ok(Self { actor, options, plan })
    }

    /// Lets it run, after `look` saw it ready.
    fn run<R>(self, starter: &Starter<'_>, look: impl FnOnce(&Run) -> R) -> Result<(Arc<Run>, R), Reply> {
        let Self { actor, options, plan } = self;
        let weight = plan.steps().max(1);
        let run = starter.runs.add(starter.token, starter.account, actor, options, weight)?;
        let seen = look(&run);
        let settings = starter.account.settings.clone();
        tokio::spawn(work(Arc::downgrade(starter.backend), run.clone(), plan, settings));
        Ok((run, seen))
    }
}
