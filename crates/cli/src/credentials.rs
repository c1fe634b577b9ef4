//! `granary credentials`: the credentials of an account. Values go in sealed, and never come out.
mod export;
mod kind;
mod put;
mod value;
mod verify;

use granary_proto::granary::vault::v1 as wire;
use serde_json::{Value, json};

use crate::accounts;
use crate::client::GatewayConnection;
use crate::exit::Failure;
use crate::output::{Shown, Table, confirm};
use crate::views;
use kind::KindName;

/// What can be done to credentials.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Store a credential: read without echo, from a pipe or from a file, and sealed before it is sent
    Put(Box<put::Args>),
    /// Show which credentials an account has, and in which state they are
    List(List),
    /// Ask the vendor now whether it takes a credential. One that has expired and is taken again serves again. The probe of a
    /// LinkedIn session is billed, the others are free
    Verify(verify::Args),
    /// Make an earlier version's value current again, as a new version
    Rollback(Rollback),
    /// Erase every version of a credential; only a new put brings the kind back. Asks first
    Revoke(Revoke),
}

/// Whose credentials to list.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    /// The account's identifier
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    #[command(flatten)]
    connection: GatewayConnection,
}

/// What to return to.
#[derive(Clone, Debug, clap::Args)]
pub struct Rollback {
    /// The account's identifier
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    /// The kind
    kind: KindName,
    /// One of the kept versions; `granary credentials list` shows them
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    version: i64,
    /// Refuse unless this version is the current one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    expected_version: Option<i64>,
    #[command(flatten)]
    connection: GatewayConnection,
}

/// What to erase.
#[derive(Clone, Debug, clap::Args)]
pub struct Revoke {
    /// The account's identifier
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    /// The kind
    kind: KindName,
    /// Do not ask; needed where there is no terminal to ask at
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: GatewayConnection,
}

const EXAMPLES: &str = "\
Examples:
  granary credentials put --account user_ha_456 harvestapi-key
  granary credentials put --account user_ha_456 harvest-token \\
      --account-id 1234567 < token.txt
  granary credentials list --account user_ha_456
  granary credentials verify --account user_ha_456 harvest-token
  granary credentials rollback --account user_ha_456 harvest-token 2";

const STATE: &str = "granary.vault.v1.CredentialState";

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::Put(args) => put::run(*args).await,
        Command::List(List { account, connection }) => {
            let account = accounts::get(&connection.open()?, account).await?;
            let credentials = views::documents(STATE, &account.credentials)?;
            let text = table(&credentials);
            Ok(Shown { text, document: json!({"credentials": credentials}), ..Shown::default() })
        }
        Command::Verify(args) => verify::run(args).await,
        Command::Rollback(Rollback { account, kind, version, expected_version, connection }) => {
            let api = connection.open()?;
            let request = wire::RollbackCredentialRequest {
                identifier: account.clone(),
                kind: kind.kind() as i32,
                version,
                expected_version,
            };
            let answer =
                api.answer_for(&account, api.accounts().rollback_credential(api.request(request))).await?;
            state(answer.credential.as_ref())
        }
        Command::Revoke(Revoke { account, kind, yes, connection }) => {
            if !yes {
                let kind = kind.kind().text();
                confirm(&format!("Erase every version of {kind} of the account {account}?"))?;
            }
            let api = connection.open()?;
            let request =
                wire::RevokeCredentialRequest { identifier: account.clone(), kind: kind.kind() as i32 };
            let answer =
                api.answer_for(&account, api.accounts().revoke_credential(api.request(request))).await?;
            state(answer.credential.as_ref())
        }
    }
}

/// The states of credentials for people.
pub fn table(credentials: &[Value]) -> String {
    let columns = [
        ("KIND", "kind"),
        ("VERSION", "version"),
        ("STATUS", "status"),
        ("SINCE", "status_time"),
        ("PUT", "put_time"),
        ("KEPT", "kept_versions"),
        ("FINGERPRINT", "fingerprint"),
    ];
    Table::of(credentials, &columns).text()
}

/// The state of one credential.
fn state(state: Option<&wire::CredentialState>) -> Result<Shown, Failure> {
    let state = views::inner(STATE, state)?;
    let text = table(std::slice::from_ref(&state));
    Ok(Shown { text, document: views::named("credential", state), ..Shown::default() })
}
