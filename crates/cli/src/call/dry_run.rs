//! `granary call --dry-run`: everything that can be known of a call without making it. The input is checked here, by the rules of the
//! contract; the gateway tells whether the key may call the tool, and what the account lacks. Nothing reaches a third party.
use granary_proto::Method;
use granary_proto::granary::gateway::v1 as wire;
use granary_proto::granary::policy::v1::{CredentialKind, Scope};
use granary_rpc::{Error, Reason};
use serde_json::{Value, json};

use super::Args;
use crate::client::ApiClient;
use crate::dollars::usd;
use crate::exit::{Failure, USER};
use crate::output::{Shown, fields, pretty};
use crate::tools;

/// Says what would be called, with which input, for how much at most.
pub(super) async fn run(args: &Args, input: &str) -> Result<Shown, Failure> {
    let unknown = || Failure::from(Error::new(Reason::ToolUnknown, "")).for_tool(&args.tool);
    let method = granary_proto::policy_table()?.tool(&args.tool).ok_or_else(unknown)?;
    let asked = granary_convert::tool_input_text(&method.descriptor.input(), input)?;
    let quote = granary_linkedin_data::standard_quote(method, &asked.message);
    if let (Ok(quote), Some(cap)) = (&quote, args.ceiling.micros())
        && *quote > cap
    {
        let refused = Error::new(Reason::CostCapExceeded, "the call may cost more than it is to");
        let refused = refused.with("cap_micros", cap.to_string()).with("quote_micros", quote.to_string());
        return Err(refused.into());
    }
    let lacks = lacks(&args.connection.open()?, &args.account, method).await?;
    let read = granary_convert::to_json(&asked.message);
    let (cost, micros) = match &quote {
        Ok(0) => ("nothing".to_owned(), json!(0)),
        Ok(quote) => (format!("{} USD, by the standard prices", usd(*quote)), json!(quote)),
        Err(price) => (format!("unknown: {price} has no published price"), Value::Null),
    };
    let document = json!({
        "tool": method.tool,
        "account": args.account,
        "effect": method.effect.text(),
        "scope": method.scope.text(),
        "missing_kinds": lacks,
        "quote_micros": micros,
        "input": read,
    });
    let head = json!({"tool": method.tool, "account": args.account, "effect": method.effect.text(),
        "scope": method.scope.text(), "lacks": lacks, "cost": cost});
    let pairs = [
        ("tool", "tool"),
        ("account", "account"),
        ("effect", "effect"),
        ("scope", "scope"),
        ("lacks", "lacks"),
        ("may cost", "cost"),
    ];
    let text = format!("{}\n\ninput as it is read\n{}", fields(&head, &pairs), pretty(&read));
    let warnings = asked.warnings.iter().map(|w| format!("warning: {}: {} ({})", w.field, w.message, w.code));
    let mut notes: Vec<String> = warnings.collect();
    notes.push("nothing was sent to a third party".to_owned());
    let code = if lacks.is_empty() { 0 } else { USER };
    Ok(Shown { text, notes, document, code })
}

/// The kinds of credential that the account lacks for a tool that the key may call.
async fn lacks(api: &ApiClient, account: &str, method: &Method) -> Result<Vec<&'static str>, Failure> {
    let wanted = wire::ListToolsRequest {
        identifier: account.to_owned(),
        view: wire::ToolView::Basic.into(),
        ..Default::default()
    };
    let all = tools::listed(api, wanted).await;
    let all = all.map_err(|failure| failure.for_account(account))?;
    let Some(tool) = all.into_iter().find(|tool| tool.name == method.tool) else {
        let scope = if method.scope == Scope::Unspecified { "" } else { method.scope.text() };
        let text = format!("the API key lacks the scope {scope}; use a key that holds it");
        return Err(Error::new(Reason::ScopeMissing, text).with("scope", scope).into());
    };
    Ok(tool.missing_kinds().map(CredentialKind::text).collect())
}
