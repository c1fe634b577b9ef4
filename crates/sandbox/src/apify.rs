//! Apify: two actors that scrape LinkedIn in runs, charged by event.

use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderName;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::world::World;

mod actor;
mod dataset;
mod employees;
mod input;
mod options;
mod plan;
mod route;
mod row;
mod run;
mod runs;
mod start;
mod status;
mod token;
mod work;

use options::Wait;
use route::Route;
use run::Run;
use token::{Account, Admission};

pub(crate) use runs::Runs;
pub(crate) use token::{Token, Update};

/// Requests in a second that one resource takes, which a limited answer names.
const RATE_LIMIT: u64 = 60;

/// Answers one call.
pub(crate) async fn handle(world: &Arc<World>, call: &Call) -> Reply {
    let Some(token) = token_of(call) else {
        return error(StatusCode::UNAUTHORIZED, "token-not-provided", "A token is needed");
    };
    let account = match world.credentials.apify(token, Token::admit) {
        Some(Admission::Admitted(account)) => account,
        Some(Admission::Throttled(limit)) => return throttled(limit),
        Some(Admission::Forbidden) => {
            return error(StatusCode::FORBIDDEN, "insufficient-permissions", "The token may not do this");
        }
        Some(Admission::Unknown) | None => {
            return error(StatusCode::UNAUTHORIZED, "invalid-token", "The token is unknown");
        }
    };
    match answer(world, call, token, &account).await {
        Ok(reply) | Err(reply) => reply,
    }
}

/// How long the run is over whose rows the call looks at; None where it goes on, or no rows are looked at.
pub(crate) fn rows_since_the_end(world: &World, call: &Call) -> Option<Duration> {
    let token = token_of(call).filter(|_| call.method == Method::GET)?;
    let run = match Route::parse(&call.path)? {
        Route::RunItems(id) => world.runs.of_run(&id, token),
        Route::Items(id) | Route::Dataset(id) => world.runs.of_dataset(&id, token),
        _ => None,
    };
    run?.over_since()
}

/// An answer of that status in the shape that Apify gives it, of the type that goes with the status.
pub(crate) fn failure(status: StatusCode, text: Option<&str>) -> Reply {
    let kind = match status.as_u16() {
        401 => "invalid-token",
        402 => "not-enough-usage-to-run-paid-actor",
        403 => "insufficient-permissions",
        404 => "record-not-found",
        405 => "method-not-allowed",
        408 => "run-timeout-exceeded",
        413 => "request-too-large",
        429 => return throttled(RATE_LIMIT),
        500.. => "internal-server-error",
        _ => "invalid-request",
    };
    typed(status, kind, text)
}

/// An error of any type with any status.
pub(crate) fn typed(status: StatusCode, kind: &str, text: Option<&str>) -> Reply {
    error(status, kind, text.or(status.canonical_reason()).unwrap_or("Failed on purpose"))
}

async fn answer(world: &Arc<World>, call: &Call, token: &str, account: &Account) -> Result<Reply, Reply> {
    let route = Route::parse(&call.path).ok_or_else(not_found)?;
    let reads = call.method == Method::GET;
    let posts = call.method == Method::POST;
    match route {
        Route::Me if reads => Ok(Reply::json(StatusCode::OK, &json!({"data": account.user()}))),
        Route::ActorRuns(actor) if posts => start::start(world, call, token, account, actor).await,
        Route::ActorRuns(actor) if reads => world.runs.list(call, token, Some(actor)),
        Route::Sync(actor) if posts => start::run_sync(world, call, token, account, actor).await,
        Route::Runs if reads => world.runs.list(call, token, None),
        Route::Run(id) if reads => {
            let wait = Wait::parse(call)?;
            let run = world.runs.of_run(&id, token).ok_or_else(not_found)?;
            run.finished(wait.0).await;
            Ok(run.reply(StatusCode::OK))
        }
        Route::Abort(id) if posts => {
            let run = world.runs.of_run(&id, token).ok_or_else(not_found)?;
            run.abort();
            Ok(run.reply(StatusCode::OK))
        }
        Route::RunItems(id) if reads => items(world, call, world.runs.of_run(&id, token), StatusCode::OK),
        Route::Items(id) if reads => items(world, call, world.runs.of_dataset(&id, token), StatusCode::OK),
        Route::Dataset(id) if reads => {
            let run = world.runs.of_dataset(&id, token).ok_or_else(not_found)?;
            Ok(Reply::json(StatusCode::OK, &json!({"data": run.dataset(call.rows)})))
        }
        _ => Err(failure(StatusCode::METHOD_NOT_ALLOWED, Some("This path does not take this method"))),
    }
}

fn token_of(call: &Call) -> Option<&str> {
    call.bearer().or_else(|| call.param("token")).filter(|token| !token.is_empty())
}

fn items(world: &World, call: &Call, run: Option<Arc<Run>>, status: StatusCode) -> Result<Reply, Reply> {
    let run = run.ok_or_else(not_found)?;
    let question = dataset::Question::parse(call)?;
    Ok(question.answer(world, &run, status))
}

/// Also what belongs to somebody else: a token sees nothing of it.
fn not_found() -> Reply {
    failure(StatusCode::NOT_FOUND, Some("There is no such object"))
}

fn throttled(limit: u64) -> Reply {
    let reply = error(StatusCode::TOO_MANY_REQUESTS, "rate-limit-exceeded", "Too many requests; slow down");
    reply.with(HeaderName::from_static("x-ratelimit-limit"), &limit.to_string())
}

fn bad(kind: &'static str, text: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, kind, text)
}

fn error(status: StatusCode, kind: &str, text: &str) -> Reply {
    let body: Value = json!({"error": {"type": kind, "message": text}});
    Reply::json(status, &body)
}
