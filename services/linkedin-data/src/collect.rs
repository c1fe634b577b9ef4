//! What a run has given, whatever became of the call that began it: it was paid for.
use granary_proto::granary::linkedin::v1 as wire;
use granary_rpc::{Error, Violation};

use crate::answer;
use crate::apify::is_id;
use crate::bulk::{row, warnings};
use crate::context::CallContext;

/// Most rows of a run. The bulk tools ask for 250 at most.
const MAX_ROWS: usize = 300;

/// The run, with the rows that are there.
pub(crate) async fn run(context: &CallContext) -> Result<wire::GetBulkRunResponse, Error> {
    let id = context.word("run_id").unwrap_or_default();
    if !is_id(&id) {
        let description = "must be the id of a run: letters and digits".to_owned();
        return Err(Error::invalid(vec![Violation { field: "run_id".to_owned(), description }]));
    }
    let mut run = context.apify().find(&id).await?;
    let ended = run.state().ended();
    let rows =
        if ended { run.last_rows(0, MAX_ROWS, MAX_ROWS).await? } else { run.rows(0, MAX_ROWS).await? };
    let state = run.state();
    Ok(wire::GetBulkRunResponse {
        run: Some(answer::run(&state.json)),
        charge: Some(state.charge()),
        warnings: warnings(state, rows.len(), false),
        elements: rows.into_iter().map(row).collect(),
    })
}
