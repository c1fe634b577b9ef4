//! `granary call`: one tool as one account, with JSON in and out.
mod dry_run;
mod input;

use std::path::PathBuf;
use std::time::Duration;

use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::gateway::v1::execute_tool_response::Output;
use granary_proto::granary::gateway::v1::{ExecuteToolRequest, ExecuteToolResponse};
use granary_proto::granary::types::v1::Charge;
use serde_json::{Value, json};

use crate::ceiling::Ceiling;
use crate::client::{GatewayConnection, TIMEOUT};
use crate::dollars::usd;
use crate::exit::Failure;
use crate::output::{Shown, pretty};
use crate::{named, views};

/// Flags of `granary call`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The tool's name or an alias; `granary tools list` has them all
    #[arg(value_parser = named::Open(named::tools), hide_possible_values = true)]
    tool: String,
    /// The input as a JSON object, or "-" to read it from stdin
    #[arg(value_name = "JSON|-", default_value = "{}", hide_default_value = true)]
    input: String,
    /// Read the input from this file instead
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    input_file: Option<PathBuf>,
    /// Send nothing to a third party: check the input, the key and the account, and tell what the call may cost
    #[arg(long)]
    dry_run: bool,
    /// The account to call as
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    #[command(flatten)]
    ceiling: Ceiling,
    #[command(flatten)]
    connection: GatewayConnection,
}

const EXAMPLES: &str = "\
The answer goes to stdout as JSON, with every digit kept. What it cost and what to know about it go to stderr; with \
--output json they stand in the document: {\"data\": …, \"charge\": …, \"warnings\": …}.

Examples:
  granary call list_projects --account user_ha_456
  granary call log_time_entry --account user_ha_456 \\
      '{\"project_id\": 12345678, \"task_id\": 87654321,
        \"spent_date\": \"2026-03-31\", \"hours\": 1.5}'
  granary call log_time_entry --account user_ha_456 --dry-run \\
      --input-file entry.json
  echo '{\"public_identifier\": \"jeffweiner08\"}' \\
    | granary call scrape_profile - --account user_ha_456 --max-cost 0.01";

/// Calls the tool.
pub async fn run(args: Args) -> Result<Shown, Failure> {
    let input = input::read(&args.input, args.input_file.as_deref())?;
    if args.dry_run {
        return dry_run::run(&args, &input).await;
    }
    let api = args.connection.open_within(usual_time(&args.tool).unwrap_or(TIMEOUT))?;
    let mut request = api.request(ExecuteToolRequest {
        identifier: args.account.clone(),
        tool_name: args.tool.clone(),
        input: Some(Input::ToolInputJson(input)),
    });
    args.ceiling.put_on(&mut request);
    let answer = api.answer_for(&args.account, api.tools().execute_tool(request)).await;
    shown(answer.map_err(|failure| failure.for_tool(&args.tool))?)
}

/// How long a tool may take that waits for a run at Apify: the longest that a gateway lets a call take.
fn usual_time(tool: &str) -> Option<Duration> {
    let method = granary_proto::policy_table().ok()?.tool(tool)?;
    method.is_long().then_some(Duration::from_secs(600))
}

fn shown(answer: ExecuteToolResponse) -> Result<Shown, Failure> {
    let data: Value = match answer.output {
        Some(Output::DataJson(text)) => serde_json::from_str(&text)
            .map_err(|e| Failure::unexpected(format!("the answer's data is no JSON: {e}")))?,
        Some(Output::Data(data)) => granary_convert::struct_to_json(data),
        None => Value::Null,
    };
    let charge = match &answer.charge {
        Some(charge) => views::document("granary.types.v1.Charge", charge)?,
        None => Value::Null,
    };
    let warnings = views::documents("granary.types.v1.Warning", &answer.warnings)?;
    let mut notes: Vec<String> = answer.charge.iter().map(charge_note).collect();
    notes.extend(answer.warnings.iter().map(|warning| match warning.field.as_str() {
        "" => format!("warning: {} ({})", warning.message, warning.code),
        field => format!("warning: {field}: {} ({})", warning.message, warning.code),
    }));
    let text = pretty(&data);
    let document = json!({"data": data, "charge": charge, "warnings": warnings});
    Ok(Shown { text, notes, document, ..Shown::default() })
}

fn charge_note(charge: &Charge) -> String {
    let mut note = match charge.cost_micros {
        Some(micros) => format!("charged {} USD", usd(micros)),
        None => "charged an unknown amount: the third party did not say".to_owned(),
    };
    if !charge.payment_codes.is_empty() {
        note += &format!(" ({})", charge.payment_codes.join(", "));
    }
    note
}

#[cfg(test)]
mod tests {
    use granary_proto::granary::types::v1::Warning;

    use super::*;

    #[test]
    fn digits_are_kept_in_both_directions() {
        let text = r#"{"hours": 1.50, "id": 12345678901234567890123}"#;
        assert_eq!(input::read(text, None).unwrap(), text);
        let answer = ExecuteToolResponse {
            output: Some(Output::DataJson(text.into())),
            ..ExecuteToolResponse::default()
        };
        let shown = shown(answer).unwrap();
        assert!(
            shown.text.contains("1.50") && shown.text.contains("12345678901234567890123"),
            "{}",
            shown.text
        );
        assert_eq!(shown.document["charge"], Value::Null);
        assert_eq!(shown.document["warnings"], json!([]));
    }

    #[test]
    fn the_charge_and_warnings_stand_beside_the_data() {
        let charge =
            Charge { cost_micros: Some(4_000), payment_codes: vec!["p".into()], upstream_request_id: None };
        let warning = Warning { code: "C".into(), message: "m".into(), field: "f".into() };
        let answer = ExecuteToolResponse {
            output: Some(Output::DataJson("{}".into())),
            charge: Some(charge),
            warnings: vec![warning],
        };
        let shown = shown(answer).unwrap();
        assert_eq!(shown.notes, ["charged 0.004 USD (p)", "warning: f: m (C)"]);
        assert_eq!(shown.document["charge"]["cost_micros"], json!(4_000));
        assert_eq!(shown.document["warnings"][0]["code"], "C");
    }
}
