//! Writes. Each is sent once; where its outcome is not known, the error says where to look before repeating it.
use granary_proto::granary::harvest::v1 as wire;
use granary_rpc::{Error, Reason};
use granary_upstream::Answer;

use crate::answer::{OfEntry, to_item};
use crate::asked::{day, integer};
use crate::context::CallContext;
use crate::{applied, assignment, failure, timer, timer_mode};

/// A write that is answered by the entry: the one that was named, where one was.
async fn item<R: OfEntry>(context: &CallContext) -> Result<R, Error> {
    let answer = send(context).await?;
    let response: R = to_item(&answer).map_err(|said| unconfirmed(context, answer.status, said))?;
    let (named, came) =
        (integer(&context.input, "time_entry_id"), response.time_entry().and_then(|entry| entry.id));
    if named.is_some() && named != came {
        return Err(unconfirmed(context, answer.status, None));
    }
    Ok(response)
}

/// Starts a timer again.
pub(crate) async fn restart<R: OfEntry>(context: &CallContext) -> Result<R, Error> {
    let mut response = item::<R>(context).await?;
    let told = applied::runs(true, response.time_entry()).or_else(|| timer::warning(response.time_entry()));
    response.warnings().extend(told);
    Ok(response)
}

/// Stops a timer.
pub(crate) async fn stop<R: OfEntry>(context: &CallContext) -> Result<R, Error> {
    let mut response = item::<R>(context).await?;
    let told = applied::runs(false, response.time_entry());
    response.warnings().extend(told);
    Ok(response)
}

/// Logs time or changes an entry, in the variant that the company uses; a task must be assigned.
pub(crate) async fn time<R: OfEntry>(context: &CallContext) -> Result<R, Error> {
    timer_mode::check(context).await?;
    match item::<R>(context).await {
        Ok(mut response) => {
            let told = applied::warnings(&context.input, response.time_entry());
            let stands = match runs(context) {
                Some(true) => applied::runs(true, response.time_entry()),
                // That it does not run goes without saying.
                Some(false) if response.time_entry().is_some_and(|entry| entry.is_running == Some(true)) => {
                    applied::runs(false, response.time_entry())
                }
                _ => None,
            };
            let runs = timer::warning(response.time_entry());
            response.warnings().extend(told.into_iter().chain(stands).chain(runs));
            Ok(response)
        }
        Err(error) if error.reason() == Reason::UpstreamInvalidInput => {
            timer_mode::forget(context);
            Err(assignment::explain(context, error).await)
        }
        Err(error) => Err(error),
    }
}

/// Whether a new entry is to run: one without hours and without times is, one with hours or an end is not. Of an entry that is
/// changed nothing is said.
fn runs(context: &CallContext) -> Option<bool> {
    let has = |field: &str| context.input.has_field_by_name(field);
    match (has("time_entry_id"), has("hours") || has("ended_time"), has("started_time")) {
        (true, ..) => None,
        (false, true, _) => Some(false),
        (false, false, starts) => (!starts).then_some(true),
    }
}

/// Deletes an entry. Harvest documents a status and no body, and recorded answers are the entry as it was.
pub(crate) async fn delete(context: &CallContext) -> Result<wire::DeleteTimeEntryResponse, Error> {
    let answer = send(context).await?;
    let time_entry_id = integer(&context.input, "time_entry_id").unwrap_or_default();
    let is_entry = || {
        !failure::is_denied(&answer)
            && answer.json().is_some_and(|body| body["id"].as_i64() == Some(time_entry_id))
    };
    if !answer.body.trim_ascii().is_empty() && !is_entry() {
        return Err(unconfirmed(context, answer.status, failure::text(&answer)));
    }
    Ok(wire::DeleteTimeEntryResponse { time_entry_id, warnings: answer.warning().into_iter().collect() })
}

async fn send(context: &CallContext) -> Result<Answer, Error> {
    context.succeed(context.mapped()?).await.map_err(|error| match error.reason() {
        Reason::UnknownOutcome => unknown(context, Some(error)),
        _ => error,
    })
}

/// A status that says success around a body that is no entry: something in between may have made it up, or it is an error.
fn unconfirmed(context: &CallContext, status: u16, said: Option<String>) -> Error {
    let error = unknown(context, None).with("upstream_status", status.to_string());
    match said {
        Some(said) => error.with("upstream_message", failure::short(&said)),
        None => error,
    }
}

/// The write may or may not have happened; only a look can tell.
fn unknown(context: &CallContext, cause: Option<Error>) -> Error {
    let id = integer(&context.input, "time_entry_id");
    let day = day(&context.input, "spent_date");
    let day = day.map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day));
    let what = match (id, &day) {
        (Some(id), _) => {
            format!("harvest may have changed time entry {id} or not; look with list_time_entries first")
        }
        (None, Some(day)) => format!(
            "harvest may have stored the time entry or not; look with list_time_entries from {day} to {day} first"
        ),
        (None, None) => "harvest may have done it or not; look with list_time_entries first".to_owned(),
    };
    let mut error = Error::new(Reason::UnknownOutcome, what)
        .with("upstream", failure::UPSTREAM)
        .with("look_with", "list_time_entries");
    if let Some(id) = id {
        error = error.with("time_entry_id", id.to_string());
    }
    if let Some(day) = day {
        error = error.with("spent_date", day);
    }
    if let Some(cause) = cause {
        if let Some(status) = cause.get("upstream_status") {
            error = error.with("upstream_status", status);
        }
        error = error.caused_by(cause);
    }
    error
}
