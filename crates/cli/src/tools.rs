//! `granary tools`: what can be called by name, and with which input.
use granary_proto::granary::gateway::v1 as wire;
use granary_rpc::{Error, Reason};
use serde_json::{Value, json};

use crate::client::{ApiClient, GatewayConnection, all_pages};
use crate::exit::Failure;
use crate::output::{Shown, Table, fields, pretty};
use crate::{named, views};

/// What can be asked about tools.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// List the tools that your API key may use
    List(List),
    /// Show one tool with the JSON Schemas of its input and output
    Show(Show),
}

/// Which tools to list.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    /// Tell for each tool which credentials this account lacks
    #[arg(long, value_name = "IDENTIFIER")]
    account: Option<String>,
    #[command(flatten)]
    connection: GatewayConnection,
}

/// The tool to show.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// Its name or an alias
    #[arg(value_parser = named::Open(named::tools), hide_possible_values = true)]
    name: String,
    #[command(flatten)]
    connection: GatewayConnection,
}

const EXAMPLES: &str = "\
Examples:
  granary tools list --account user_ha_456
  granary tools show log_time_entry
  granary tools list --output json | jq -r '.tools[].name'";

const TOOL: &str = "granary.gateway.v1.Tool";

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::List(List { account, connection }) => {
            let named = account.is_some();
            let identifier = account.unwrap_or_default();
            let wanted = wire::ListToolsRequest {
                identifier,
                view: wire::ToolView::Basic.into(),
                ..Default::default()
            };
            let tools = listed(&connection.open()?, wanted).await?;
            let tools = tools.into_iter().map(document).collect::<Result<Vec<Value>, _>>()?;
            Ok(Shown { text: table(&tools, named), document: json!({"tools": tools}), ..Shown::default() })
        }
        Command::Show(Show { name, connection }) => {
            let (names, view) = (vec![name.clone()], wire::ToolView::Full.into());
            let wanted = wire::ListToolsRequest { names, view, ..Default::default() };
            let tools = listed(&connection.open()?, wanted).await?;
            let tool = tools.into_iter().find(|tool| tool.name == name || tool.aliases.contains(&name));
            let missing = || unknown(&name);
            let tool = document(tool.ok_or_else(missing)?)?;
            Ok(Shown { text: text(&tool), document: views::named("tool", tool), ..Shown::default() })
        }
    }
}

/// Why a tool is not shown: there is none of that name, or none for this key.
fn unknown(name: &str) -> Failure {
    let is_one = granary_proto::policy_table().is_ok_and(|table| table.tool(name).is_some());
    let message = format!("your API key has no scope for {name}; `granary tools list` has what it may call");
    let failure = Failure::from(Error::new(Reason::ToolUnknown, message).with("tool", name));
    if is_one { failure } else { failure.for_tool(name) }
}

/// The tools that the key may use, with what the account lacks for each where one is named.
pub async fn listed(api: &ApiClient, wanted: wire::ListToolsRequest) -> Result<Vec<wire::Tool>, Failure> {
    all_pages(async |page_token| {
        let request = wire::ListToolsRequest { page_token, ..wanted.clone() };
        let answer = api.answer(api.tools().list_tools(api.request(request))).await?;
        Ok((answer.tools, answer.next_page_token))
    })
    .await
}

/// A tool with its schemas as JSON rather than as text.
fn document(tool: wire::Tool) -> Result<Value, Failure> {
    let mut document = views::document(TOOL, &tool)?;
    if let Some(members) = document.as_object_mut() {
        for (name, text) in
            [("input_schema", tool.input_schema_json), ("output_schema", tool.output_schema_json)]
        {
            members.shift_remove(&format!("{name}_json"));
            // A list for choosing a tool has none.
            if text.is_empty() {
                continue;
            }
            let schema = serde_json::from_str(&text).unwrap_or(Value::String(text));
            members.insert(name.to_owned(), schema);
        }
    }
    Ok(document)
}

fn table(tools: &[Value], with_missing: bool) -> String {
    let mut headings = vec!["TOOL", "EFFECT", "SCOPE", "NEEDS", "DOES"];
    if with_missing {
        headings.insert(4, "LACKS");
    }
    let mut table = Table::new(&headings);
    for tool in tools {
        let text = |key: &str| tool[key].as_str().unwrap_or_default().to_owned();
        let mut row = vec![text("name"), text("effect"), text("scope"), needs(tool), first_sentence(tool)];
        if with_missing {
            row.insert(4, join(&tool["missing_kinds"], ", "));
        }
        table.row(row);
    }
    table.text()
}

fn text(tool: &Value) -> String {
    let head = json!({"needs": needs(tool), "name": tool["name"], "aliases": tool["aliases"], "effect": tool["effect"],
        "scope": tool["scope"], "method": tool["method"]});
    let pairs = ["name", "aliases", "effect", "scope", "needs", "method"].map(|key| (key, key));
    format!(
        "{}\n\n{}\n\ninput\n{}\n\noutput\n{}",
        fields(&head, &pairs),
        tool["description"].as_str().unwrap_or_default(),
        pretty(&tool["input_schema"]),
        pretty(&tool["output_schema"])
    )
}

/// Kinds of which one is needed are parted by "|", those that are needed together by " + ".
fn needs(tool: &Value) -> String {
    let needs = tool["needs"].as_array().map(Vec::as_slice).unwrap_or_default();
    needs.iter().map(|need| join(&need["any_of"], "|")).collect::<Vec<_>>().join(" + ")
}

fn join(texts: &Value, between: &str) -> String {
    let texts = texts.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between)
}

fn first_sentence(tool: &Value) -> String {
    let text = tool["description"].as_str().unwrap_or_default();
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use granary_proto::granary::policy::v1::{CredentialKind, Effect, Need, Scope};

    use super::*;

    #[test]
    fn a_tool_is_shown_with_its_schemas_and_needs() {
        let tool = wire::Tool {
            name: "a_tool".into(),
            aliases: vec!["other".into()],
            description: "Does this. And that.".into(),
            input_schema_json: r#"{"type":"object"}"#.into(),
            output_schema_json: "{}".into(),
            effect: Effect::ChargedRead as i32,
            scope: Scope::LinkedinRead as i32,
            needs: vec![
                Need {
                    any_of: vec![CredentialKind::HarvestToken as i32, CredentialKind::HarvestapiKey as i32],
                },
                Need { any_of: vec![CredentialKind::LinkedinSession as i32] },
            ],
            method: "granary.x.v1.X/Y".into(),
            missing_kinds: vec![CredentialKind::LinkedinSession as i32],
        };
        let document = document(tool).unwrap();
        assert_eq!(document["input_schema"], json!({"type": "object"}));
        assert!(document.get("input_schema_json").is_none());
        let table = table(std::slice::from_ref(&document), true);
        let row = "a_tool  charged_read  linkedin:read  harvest_token|harvestapi_key + linkedin_session  \
                   linkedin_session  Does this";
        assert_eq!(table.lines().nth(1), Some(row));
        assert!(text(&document).contains("input\n{\n  \"type\": \"object\"\n}"));
    }
}
