//! Answers a call to Apify, whoever may make it.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use super::backend::Backend;
use super::dataset::Selection;
use super::errors::{error, failure, not_found, throttled};
use super::options::Wait;
use super::route::Route;
use super::run::Run;
use super::runs::Runs;
use super::start::{self, Starter};
use super::token::Admission;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Answers one call, or refuses it.
pub(super) async fn answer(backend: &Arc<Backend>, runs: &Runs, call: &Call) -> Result<Reply, Reply> {
    let token = token_of(call)
        .ok_or_else(|| error(StatusCode::UNAUTHORIZED, "token-not-provided", "A token is needed"))?;
    let account = match backend.tokens.admit(token) {
        Admission::Admitted(account) => account,
        Admission::Throttled(limit) => return Err(throttled(limit)),
        Admission::Forbidden => {
            let text = "The token may not do this";
            return Err(error(StatusCode::FORBIDDEN, "insufficient-permissions", text));
        }
        Admission::Unknown => {
            return Err(error(StatusCode::UNAUTHORIZED, "invalid-token", "The token is unknown"));
        }
    };
    let route = Route::parse(&call.path).ok_or_else(not_found)?;
    let starter = Starter { backend, runs, token, account: &account };
    let reads = call.method == Method::GET;
    let posts = call.method == Method::POST;
    match route {
        Route::Me if reads => Ok(Reply::json(StatusCode::OK, &json!({"data": account.user()}))),
        Route::ActorRuns(actor) if posts => start::start(&starter, call, actor).await,
        Route::ActorRuns(actor) if reads => runs.list(call, token, Some(actor)),
        Route::Sync(actor) if posts => start::run_sync(&starter, call, actor).await,
        Route::Runs if reads => runs.list(call, token, None),
        Route::Run(id) if reads => {
            let wait = Wait::parse(call)?;
            let run = runs.of_run(&id, token).ok_or_else(not_found)?;
            run.finished(wait.0).await;
            Ok(run.reply(StatusCode::OK))
        }
        Route::Abort(id) if posts => {
            let run = runs.of_run(&id, token).ok_or_else(not_found)?;
            run.abort();
            Ok(run.reply(StatusCode::OK))
        }
        Route::RunItems(id) if reads => items(backend, call, runs.of_run(&id, token)),
        Route::Items(id) if reads => items(backend, call, runs.of_dataset(&id, token)),
        Route::Dataset(id) if reads => {
            let run = runs.of_dataset(&id, token).ok_or_else(not_found)?;
            Ok(Reply::json(StatusCode::OK, &json!({"data": run.dataset(call.rows)})))
        }
        _ => Err(failure(StatusCode::METHOD_NOT_ALLOWED, Some("This path does not take this method"))),
    }
}

/// The token that a call brings, in its header or in its query.
pub(super) fn token_of(call: &Call) -> Option<&str> {
    call.bearer().or_else(|| call.param("token")).filter(|token| !token.is_empty())
}

fn items(backend: &Backend, call: &Call, run: Option<Arc<Run>>) -> Result<Reply, Reply> {
    let run = run.ok_or_else(not_found)?;
    let selection = Selection::parse(call)?;
    Ok(selection.answer(&backend.population, &run, StatusCode::OK))
}
