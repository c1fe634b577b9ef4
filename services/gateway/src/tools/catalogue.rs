//! The list of tools, read from the policy table and the descriptors.
mod selection;

use std::collections::HashMap;
use std::sync::LazyLock;

use granary_convert as convert;
use granary_proto::Method;
use granary_proto::granary::gateway::v1::{ListToolsRequest, ListToolsResponse, Tool, ToolView};
use granary_proto::granary::policy::v1::{CredentialKind, Need};
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus, GetConnectedAccountResponse};
use granary_rpc::Error;

use crate::admit::Admitted;
use crate::core::Core;
pub(super) use selection::is_no_tool;
use selection::{Selected, Selection};

/// With aliases of this beginning, others publish the tools. Where one is listed under such a name, its parameters have the names
/// that they have there.
const PUBLISHED: &str = "harvestapi_";

/// One page of the tools that a caller asks for and may use.
pub(super) fn page(
    core: &Core,
    caller: &Admitted,
    request: &ListToolsRequest,
) -> Result<ListToolsResponse, Error> {
    let Selection { tools, next_page_token, view } = Selection::of(core.shared.table, caller, request)?;
    let one_key = core.shared.config.one_key_for_harvest;
    let tools = tools.into_iter().map(|tool| describe(tool, view, one_key)).collect();
    Ok(ListToolsResponse { tools, next_page_token })
}

/// Asks credential-vault, with the caller's own key, for what an account holds.
pub(super) const ACCOUNT: &str = "/granary.vault.v1.CredentialVault/GetConnectedAccount";

/// The kinds that an account holds and can use.
pub(super) fn usable(answer: GetConnectedAccountResponse) -> Vec<CredentialKind> {
    let usable = [CredentialStatus::Pending, CredentialStatus::Active, CredentialStatus::Suspect];
    let credentials = answer.connected_account.map(|account| account.credentials).unwrap_or_default();
    credentials.iter().filter(|c| usable.contains(&c.status())).map(CredentialState::kind).collect()
}

/// Says for each tool which kinds an account lacks: of each need that it cannot meet, the first choice.
pub(super) fn mark_missing(tools: &mut [Tool], held: &[CredentialKind]) {
    for tool in tools {
        let unmet = tool.needs.iter().filter(|need| !need.any_of().any(|kind| held.contains(&kind)));
        tool.missing_kinds = unmet.filter_map(|need| need.any_of.first().copied()).collect();
    }
}

fn describe(Selected { method, name }: Selected, view: ToolView, one_key: bool) -> Tool {
    let texts = TEXTS.get(method.tool.as_str());
    let text = |pick: fn(&Texts) -> &String| texts.map(pick).cloned().unwrap_or_default();
    let input = match view {
        ToolView::Basic => String::new(),
        _ if name.starts_with(PUBLISHED) => text(|t| t.published.as_ref().unwrap_or(&t.input)),
        _ => text(|t| &t.input),
    };
    let names = std::iter::once(&method.tool).chain(&method.tool_aliases);
    Tool {
        name: name.to_owned(),
        aliases: names.filter(|other| *other != name).cloned().collect(),
        description: text(|t| &t.description),
        input_schema_json: input,
        output_schema_json: if view == ToolView::Full { text(|t| &t.output) } else { String::new() },
        effect: method.effect.into(),
        scope: method.scope.into(),
        needs: method
            .needs
            .iter()
            .map(|need| Need {
                any_of: method.alternatives(need, one_key).into_iter().map(Into::into).collect(),
            })
            .collect(),
        method: method.name().to_owned(),
        missing_kinds: Vec::new(),
    }
}

struct Texts {
    description: String,
    input: String,
    /// The input under the names of a published catalogue, where they differ.
    published: Option<String>,
    output: String,
}

/// The texts of all tools, made once.
static TEXTS: LazyLock<HashMap<&'static str, Texts>> = LazyLock::new(|| {
    let Ok(table) = granary_proto::policy_table() else { return HashMap::new() };
    let texts = |m: &'static Method| Texts {
        description: convert::schema::method_description(&m.descriptor),
        input: convert::input_schema(&m.descriptor.input()).to_string(),
        published: convert::published_input_schema(&m.descriptor.input()).map(|schema| schema.to_string()),
        output: convert::output_schema(&m.descriptor.output()).to_string(),
    };
    table.tools().into_iter().map(|m| (m.tool.as_str(), texts(m))).collect()
});
