//! The list of tools, read from the policy table and the descriptors.
use std::collections::HashMap;
use std::sync::LazyLock;

use granary_convert as convert;
use granary_proto::Method;
use granary_proto::granary::gateway::v1::{ListToolsRequest, ListToolsResponse, Tool};
use granary_proto::granary::policy::v1::{CredentialKind, Need, Scope};
use granary_proto::granary::vault::v1::{
    CredentialState, CredentialStatus, GetConnectedAccountResponse, Principal,
};
use granary_rpc::{Error, Violation};

use crate::core::Core;

const LARGEST_PAGE: usize = 100;

/// One page of the tools that a principal may use, in the order of their names. A page token is the last name before it.
pub(super) fn page(
    core: &Core,
    principal: &Principal,
    request: &ListToolsRequest,
) -> Result<ListToolsResponse, Error> {
    let table = core.shared.table;
    let size = match usize::try_from(request.page_size) {
        Ok(0) => LARGEST_PAGE,
        Ok(size) => size.min(LARGEST_PAGE),
        Err(_) => return Err(fault("page_size", "must not be negative; 0 stands for 100, the largest")),
    };
    let after = request.page_token.as_str();
    if !after.is_empty() && table.tool(after).is_none() {
        return Err(fault("page_token", "must be the next_page_token of an answer before"));
    }
    let allowed = |m: &&Method| m.scope == Scope::Unspecified || principal.scopes.contains(&(m.scope as i32));
    let mut rest = table.tools().into_iter().filter(|m| m.tool.as_str() > after).filter(allowed);
    let tools: Vec<Tool> =
        rest.by_ref().take(size).map(|m| describe(m, core.shared.config.one_key_for_harvest)).collect();
    let next_page_token = if rest.next().is_some() {
        tools.last().map(|t| t.name.clone()).unwrap_or_default()
    } else {
        String::new()
    };
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

fn describe(method: &Method, one_key: bool) -> Tool {
    let texts = TEXTS.get(method.tool.as_str());
    let text = |pick: fn(&Texts) -> &String| texts.map(pick).cloned().unwrap_or_default();
    Tool {
        name: method.tool.clone(),
        aliases: method.tool_aliases.clone(),
        description: text(|t| &t.description),
        input_schema_json: text(|t| &t.input),
        output_schema_json: text(|t| &t.output),
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
    output: String,
}

/// The texts of all tools, made once.
static TEXTS: LazyLock<HashMap<&'static str, Texts>> = LazyLock::new(|| {
    let Ok(table) = granary_proto::policy_table() else { return HashMap::new() };
    let texts = |m: &'static Method| Texts {
        description: convert::schema::method_description(&m.descriptor),
        input: convert::input_schema(&m.descriptor.input()).to_string(),
        output: convert::output_schema(&m.descriptor.output()).to_string(),
    };
    table.tools().into_iter().map(|m| (m.tool.as_str(), texts(m))).collect()
});

fn fault(field: &str, description: &str) -> Error {
    Error::invalid(vec![Violation { field: field.to_owned(), description: description.to_owned() }])
}
