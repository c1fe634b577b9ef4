//! `granary accounts`: the connected accounts of a tenant.
use granary_proto::granary::vault::v1 as wire;
use serde_json::{Value, json};

use crate::client::{ApiClient, GatewayConnection, all_pages};
use crate::exit::Failure;
use crate::output::{Shown, Table, confirm, fields, member};
use crate::{named, views};

/// What can be done to accounts.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Create an account; where there is one of that identifier already, show it
    Create(One),
    /// Show an account and the state of its credentials
    Get(One),
    /// Delete an account with every version of its credentials; asks first
    Delete(Delete),
    /// Stop all calls as an account; its credentials stay
    Disable(One),
    /// Allow calls as an account again
    Enable(One),
    /// List accounts, one page of them or all
    List(List),
}

/// One account.
#[derive(Clone, Debug, clap::Args)]
pub struct One {
    /// Your own name for the user: 1 to 256 bytes, compared byte for byte
    identifier: String,
    #[command(flatten)]
    connection: GatewayConnection,
}

/// An account to delete.
#[derive(Clone, Debug, clap::Args)]
pub struct Delete {
    /// Do not ask; needed where there is no terminal to ask at
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    one: One,
}

/// Which accounts to list.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    /// Only accounts of this status
    #[arg(long, ignore_case = true, value_parser = named::number(STATUS))]
    status: Option<i32>,
    /// Accounts on a page at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=1000))]
    page_size: i32,
    /// Go on after an earlier page, with its next_page_token
    #[arg(long, value_name = "TOKEN", conflicts_with = "all")]
    page_token: Option<String>,
    /// Every page
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    connection: GatewayConnection,
}

const EXAMPLES: &str = "\
Examples:
  granary accounts create user_ha_456
  granary accounts get user_ha_456 --output json
  granary accounts list --status active --all";

const ACCOUNT: &str = "granary.vault.v1.ConnectedAccount";
const STATUS: &str = "granary.vault.v1.AccountStatus";

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::Create(One { identifier, connection }) => {
            let api = connection.open()?;
            let request = api.request(wire::GetOrCreateConnectedAccountRequest { identifier });
            let answer = api.answer(api.accounts().get_or_create_connected_account(request)).await?;
            let mut shown = account(answer.connected_account.as_ref())?;
            shown.document["created"] = json!(answer.created);
            let note = if answer.created { "created" } else { "the account was there already" };
            shown.notes.push(note.to_owned());
            Ok(shown)
        }
        Command::Get(one) => account(Some(&get(&one.connection.open()?, one.identifier).await?)),
        Command::Delete(Delete { yes, one: One { identifier, connection } }) => {
            if !yes {
                confirm(&format!("Delete the account {identifier} with all of its credentials?"))?;
            }
            let api = connection.open()?;
            let request = api.request(wire::DeleteConnectedAccountRequest { identifier: identifier.clone() });
            api.answer_for(&identifier, api.accounts().delete_connected_account(request)).await?;
            let document = json!({"identifier": identifier, "deleted": true});
            Ok(Shown { text: format!("deleted {identifier}"), document, ..Shown::default() })
        }
        Command::Disable(One { identifier, connection }) => {
            let api = connection.open()?;
            let request =
                api.request(wire::DisableConnectedAccountRequest { identifier: identifier.clone() });
            let answer =
                api.answer_for(&identifier, api.accounts().disable_connected_account(request)).await?;
            account(answer.connected_account.as_ref())
        }
        Command::Enable(One { identifier, connection }) => {
            let api = connection.open()?;
            let request = api.request(wire::EnableConnectedAccountRequest { identifier: identifier.clone() });
            let answer =
                api.answer_for(&identifier, api.accounts().enable_connected_account(request)).await?;
            account(answer.connected_account.as_ref())
        }
        Command::List(list) => self::list(list).await,
    }
}

/// One account as it is now.
pub async fn get(api: &ApiClient, identifier: String) -> Result<wire::ConnectedAccount, Failure> {
    let request = api.request(wire::GetConnectedAccountRequest { identifier: identifier.clone() });
    let answer = api.answer_for(&identifier, api.accounts().get_connected_account(request)).await?;
    answer.connected_account.ok_or_else(|| Failure::unexpected("the answer holds no account"))
}

async fn list(list: List) -> Result<Shown, Failure> {
    let api = list.connection.open()?;
    let status = list.status.unwrap_or_default();
    let page = async |page_token: String| {
        let request = wire::ListConnectedAccountsRequest { page_size: list.page_size, page_token, status };
        let answer = api.answer(api.accounts().list_connected_accounts(api.request(request))).await?;
        Ok((answer.connected_accounts, answer.next_page_token))
    };
    let (accounts, next) = if list.all {
        (all_pages(page).await?, String::new())
    } else {
        page(list.page_token.clone().unwrap_or_default()).await?
    };
    let accounts = views::documents(ACCOUNT, &accounts)?;
    let mut table = Table::new(&["IDENTIFIER", "STATUS", "CREDENTIALS", "CREATED"]);
    for account in &accounts {
        let text = |key: &str| account[key].as_str().unwrap_or_default().to_owned();
        table.row(vec![
            text("identifier"),
            text("status"),
            credentials_cell(account),
            member(account, "create_time"),
        ]);
    }
    let notes = if next.is_empty() {
        Vec::new()
    } else {
        vec![format!("more may follow: add --all, or --page-token {next}")]
    };
    let document = json!({"connected_accounts": accounts, "next_page_token": next});
    Ok(Shown { text: table.text(), notes, document, ..Shown::default() })
}

fn account(account: Option<&wire::ConnectedAccount>) -> Result<Shown, Failure> {
    let account = views::inner(ACCOUNT, account)?;
    let mut text =
        fields(&account, &[("identifier", "identifier"), ("status", "status"), ("created", "create_time")]);
    let credentials = account["credentials"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !credentials.is_empty() {
        text += &format!("\n\n{}", crate::credentials::table(credentials));
    }
    Ok(Shown { text, document: views::named("connected_account", account), ..Shown::default() })
}

/// Each kind with its status, such as "harvest_token ACTIVE".
fn credentials_cell(account: &Value) -> String {
    let text = |state: &Value, key: &str| state[key].as_str().unwrap_or_default().to_owned();
    let states = account["credentials"].as_array().map(Vec::as_slice).unwrap_or_default();
    let all: Vec<String> =
        states.iter().map(|s| format!("{} {}", text(s, "kind"), text(s, "status"))).collect();
    all.join(", ")
}
