//! The employees of companies, by a run of Apify. An extension: not one of the published tools.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Warning;
use granary_rpc::Error;
use serde_json::json;

use crate::answer;
use crate::bulk::{row, warnings, worst};
use crate::context::CallContext;

/// The code of the warning where rows came that are no profiles.
const ROWS_WITHOUT_PROFILE: &str = "ROWS_WITHOUT_PROFILE";
const ACTOR: &str = "harvestapi~linkedin-company-employees";
/// The actor starts with no smaller cap, in micro-dollars.
const LEAST_CAP: i64 = 30_000;

/// The employees that a run found.
pub(crate) async fn employees(
    context: &CallContext,
) -> Result<wire::BulkScrapeCompanyEmployeesResponse, Error> {
    let mode = match (context.is_on("find_email"), context.is_on("full")) {
        (true, _) => "Full + email search ($12 per 1k)",
        (false, true) => "Full ($8 per 1k)",
        (false, false) => "Short ($4 per 1k)",
    };
    let most = context.number("max_items");
    let mut input =
        json!({"profileScraperMode": mode, "companies": context.texts("companies"), "maxItems": most});
    for (field, name) in [("job_titles", "jobTitles"), ("locations", "locations")] {
        let texts = context.texts(field);
        if !texts.is_empty() {
            input[name] = json!(texts);
        }
    }
    let mut run = context.start_run(ACTOR, input, worst(context)?.max(LEAST_CAP)).await?;
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
    let read = rows.len();
    let (mut elements, mut failures) = (Vec::new(), Vec::new());
    for found in rows.into_iter().map(row) {
        elements.extend(found.profile);
        failures.extend(found.error.and_then(|error| error.message));
    }
    if let (true, Some(said)) = (elements.is_empty(), failures.first()) {
        return Err(run.nothing_but(said));
    }
    let state = run.state();
    let told = failures.first().map(|said| Warning {
        code: ROWS_WITHOUT_PROFILE.to_owned(),
        message: format!(
            "{} of {read} rows of the run show nobody; the first says \"{said}\"",
            failures.len()
        ),
        field: String::new(),
    });
    Ok(wire::BulkScrapeCompanyEmployeesResponse {
        elements,
        run: Some(answer::run(&state.json)),
        charge: Some(state.charge()),
        warnings: warnings(state, read, false).into_iter().chain(told).collect(),
    })
}
