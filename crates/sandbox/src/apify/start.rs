use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;

use super::actor::Actor;
use super::dataset::Question;
use super::input::Input;
use super::options::{Options, Wait};
use super::plan::Plan;
use super::route::Target;
use super::run::Run;
use super::status::Status;
use super::token::Account;
use super::work::work;
use super::{bad, error, failure};
use crate::call::{Call, Reply};
use crate::world::World;

/// Starts a run and answers it, at once or after a while.
pub(super) async fn start(
    world: &Arc<World>,
    call: &Call,
    token: &str,
    account: &Account,
    target: Target,
) -> Result<Reply, Reply> {
    let wait = Wait::parse(call)?;
    let ready = Ready::parse(call, account, target)?;
    let run = ready.run(world, token, account, |run| run.reply(StatusCode::CREATED))?;
    let (run, at_once) = run;
    let reply = if run.finished(wait.0).await || !wait.0.is_zero() {
        run.reply(StatusCode::CREATED)
    } else {
        at_once
    };
    Ok(reply.with(LOCATION, &format!("{}/v2/actor-runs/{}", call.origin, run.id())))
}

/// Starts a run, waits for it, and answers its rows.
pub(super) async fn run_sync(
    world: &Arc<World>,
    call: &Call,
    token: &str,
    account: &Account,
    target: Target,
) -> Result<Reply, Reply> {
    let question = Question::parse(call)?;
    let ready = Ready::parse(call, account, target)?;
    let (run, ()) = ready.run(world, token, account, |_| ())?;
    if !run.finished(Duration::from_millis(account.settings.sync_limit_ms)).await {
        return Err(failure(StatusCode::REQUEST_TIMEOUT, Some("The run did not end in time; it goes on")));
    }
    match run.status() {
        Status::Succeeded => Ok(question.answer(world, &run, StatusCode::CREATED)),
        status => {
            let text = format!("Actor run did not succeed (run ID: {}, status: {})", run.id(), status.word());
            Err(bad("run-failed", &text))
        }
    }
}

pub(super) fn no_actor() -> Reply {
    error(StatusCode::NOT_FOUND, "actor-not-found", "There is no such actor")
}

/// A start of which nothing was found wrong.
struct Ready {
    actor: Actor,
    options: Options,
    plan: Plan,
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
        let plan = Plan::parse(actor, input.as_ref(), &options, &account.settings)?;
        if account.balance < actor.least() {
            let text = "The account has not enough left to run this paid actor";
            return Err(failure(StatusCode::PAYMENT_REQUIRED, Some(text)));
        }
        Ok(Self { actor, options, plan })
    }

    /// Lets it run, after `look` saw it ready.
    fn run<R>(
        self,
        world: &Arc<World>,
        token: &str,
        account: &Account,
        look: impl FnOnce(&Run) -> R,
    ) -> Result<(Arc<Run>, R), Reply> {
        let Self { actor, options, plan } = self;
        let weight = plan.steps().max(1);
        let run = world.runs.add(token, account, actor, options, weight)?;
        let seen = look(&run);
        let settings = account.settings.clone();
        tokio::spawn(work(Arc::downgrade(world), run.clone(), plan, settings));
        Ok((run, seen))
    }
}
