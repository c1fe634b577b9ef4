//! The employees of companies, by a run of Apify. An extension: not one of the published tools.
use granary_proto::granary::linkedin::v1 as wire;
use granary_rpc::Error;
use serde_json::json;

use crate::answer;
use crate::bulk::{warnings, worst};
use crate::session::Session;

const ACTOR: &str = "harvestapi~linkedin-company-employees";
/// The actor starts with no smaller cap, in micro-dollars.
const LEAST_CAP: i64 = 30_000;

/// The employees that a run found.
pub(crate) async fn employees(session: &Session) -> Result<wire::BulkScrapeCompanyEmployeesResponse, Error> {
    let mode = match (session.is_on("find_email"), session.is_on("full")) {
        (true, _) => "Full + email search ($12 per 1k)",
        (false, true) => "Full ($8 per 1k)",
        (false, false) => "Short ($4 per 1k)",
    };
    let most = session.number("max_items");
    let mut input =
        json!({"profileScraperMode": mode, "companies": session.texts("companies"), "maxItems": most});
    for (field, name) in [("job_titles", "jobTitles"), ("locations", "locations")] {
        let texts = session.texts(field);
        if !texts.is_empty() {
            input[name] = json!(texts);
        }
    }
    let mut run = session.start_run(ACTOR, input, worst(session)?.max(LEAST_CAP)).await?;
    while !run.state().ended() {
        run.wait(u64::MAX).await?;
    }
    let most = usize::try_from(most).unwrap_or_default();
    let rows = run.last_rows(0, most, most).await?;
    if rows.is_empty()
        && let Some(error) = run.refusal()
    {
        return Err(error);
    }
    let state = run.state();
    Ok(wire::BulkScrapeCompanyEmployeesResponse {
        elements: rows.iter().map(answer::profile).collect(),
        run: Some(answer::run(&state.json)),
        charge: Some(state.charge()),
        warnings: warnings(state, rows.len()),
    })
}
