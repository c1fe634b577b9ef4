//! Which tools a request asks for: those that the caller's key may use, by name, by effect, page by page.
use granary_convert::nearest;
use granary_proto::granary::gateway::v1::{ListToolsRequest, ToolView};
use granary_proto::granary::policy::v1::Effect;
use granary_proto::{Method, PolicyTable};
use granary_rpc::{Error, Reason, Violation};

use crate::admit::Admitted;

/// Most tools on a page.
const MAX_PAGE: usize = 100;
/// Most names in a request.
const MAX_NAMES: usize = 100;
/// For how many names that no tool has an error says what was meant. Errors travel in trailers, which peers bound.
const MAX_TOLD: usize = 8;
/// Characters of a name that no tool has which are repeated. No name of a tool is longer.
const MAX_SHOWN: usize = 48;

/// One tool, under the name by which it is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected {
    pub(super) method: &'static Method,
    pub(super) name: &'static str,
}

/// A request, parsed.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) tools: Vec<Selected>,
    pub(super) next_page_token: String,
    pub(super) view: ToolView,
}

impl Selection {
    /// Selects one page, in the order of the tools' own names. A page token is the last name before it.
    pub(super) fn of(
        table: &'static PolicyTable,
        caller: &Admitted,
        request: &ListToolsRequest,
    ) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let size = match usize::try_from(request.page_size) {
            Ok(0) => MAX_PAGE,
            Ok(size) => size.min(MAX_PAGE),
            Err(_) => {
                faults.push(fault("page_size", "must not be negative; 0 stands for 100, the largest"));
                MAX_PAGE
            }
        };
        let after = (!request.page_token.is_empty()).then(|| named(table, &request.page_token));
        if let Some(None) = after {
            faults.push(fault("page_token", "must be the next_page_token of an answer before"));
        }
        let view = ToolView::try_from(request.view);
        if view.is_err() {
            faults.push(fault("view", "must be one of the views: BASIC, INPUT or FULL"));
        }
        for (index, effect) in request.effects.iter().enumerate() {
            if Effect::try_from(*effect).unwrap_or_default() == Effect::Unspecified {
                let description = "must be EFFECT_READ, EFFECT_CHARGED_READ or EFFECT_WRITE";
                faults.push(fault(&format!("effects[{index}]"), description));
            }
        }
        if request.names.len() > MAX_NAMES {
            faults.push(fault("names", "must have at most 100 items"));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let mut tools = match request.names.as_slice() {
            [] => all(table, caller),
            names => by_name(table, caller, names)?,
        };
        tools.retain(|tool| {
            request.effects.is_empty() || request.effects.contains(&tool.method.effect.into())
        });
        if let Some(after) = after.flatten() {
            tools.retain(|tool| tool.place() > after.place());
        }
        let more = tools.len() > size;
        tools.truncate(size);
        let last = tools.last().filter(|_| more);
        let next_page_token = last.map(|tool| tool.name.to_owned()).unwrap_or_default();
        Ok(Self { tools, next_page_token, view: view.unwrap_or_default() })
    }
}

impl Selected {
    /// Where it stands in the list: by the tool's own name, and where it has several names there, by those.
    fn place(&self) -> (&'static str, &'static str) {
        (self.method.tool.as_str(), self.name)
    }
}

fn all(table: &'static PolicyTable, caller: &Admitted) -> Vec<Selected> {
    let tools = table.tools().into_iter().filter(|method| caller.check_scope(method.scope).is_ok());
    tools.map(|method| Selected { method, name: method.tool.as_str() }).collect()
}

/// The tools of these names. Whoever names a tool waits for it, so that one that is not there, or not theirs, is told.
fn by_name(table: &'static PolicyTable, caller: &Admitted, names: &[String]) -> Result<Vec<Selected>, Error> {
    let (mut tools, mut unknown) = (Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        match named(table, name) {
            Some(tool) => tools.push(tool),
            None => unknown.push(fault(&format!("names[{index}]"), &is_no_tool(table, name))),
        }
        if unknown.len() == MAX_TOLD {
            break;
        }
    }
    if let Some(first) = unknown.first() {
        let error = Error::new(Reason::ToolUnknown, first.description.clone());
        return Err(error.with_violations(unknown));
    }
    for tool in &tools {
        caller.check_scope(tool.method.scope).map_err(|error| error.with("tool", tool.name))?;
    }
    tools.sort_by_key(Selected::place);
    tools.dedup_by_key(|tool| tool.place());
    Ok(tools)
}

/// The tool of a name or an alias, under that name.
fn named(table: &'static PolicyTable, name: &str) -> Option<Selected> {
    let method = table.tool(name)?;
    let names = std::iter::once(&method.tool).chain(&method.tool_aliases);
    let name = names.map(String::as_str).find(|known| *known == name)?;
    Some(Selected { method, name })
}

/// What is wrong with a name that no tool has, and which one was probably meant.
pub(in crate::tools) fn is_no_tool(table: &'static PolicyTable, name: &str) -> String {
    let known = table.tools().into_iter().flat_map(|m| std::iter::once(&m.tool).chain(&m.tool_aliases));
    let shown: String = name.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
    match nearest(known.map(String::as_str), name) {
        Some(near) => format!("there is no tool \"{shown}\"; did you mean {near}? ListTools names them all"),
        None => format!("there is no tool \"{shown}\"; ListTools names them all"),
    }
}

fn fault(field: &str, description: &str) -> Violation {
    Violation { field: field.to_owned(), description: description.to_owned() }
}
