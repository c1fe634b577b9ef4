//! `granary keys`: API keys, at credential-vault's own address.
use std::time::{Duration, SystemTime};

use granary_proto::granary::vault::v1 as wire;
use serde_json::json;
use zeroize::Zeroize;

use crate::client::{VaultConnection, all_pages};
use crate::exit::Failure;
use crate::output::{Shown, Table, confirm, fields};
use crate::sealing::SealingKey;
use crate::{named, views};

/// What can be done to API keys.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Create an API key; its text is shown this once
    Create(Create),
    /// List API keys, revoked ones included, without their texts
    List(List),
    /// Revoke an API key, effective within a second; asks first
    Revoke(Revoke),
    /// Print the sealing key's id and fingerprint, from credential-vault's own address
    Sealing(Sealing),
}

/// The key to create.
#[derive(Clone, Debug, clap::Args)]
pub struct Create {
    /// The tenant it acts for [default: your own]; another one needs an operator key
    #[arg(long)]
    tenant: Option<String>,
    /// What it is for, in your words
    #[arg(long)]
    label: String,
    /// What it may do; once for each scope, and none that your own key lacks
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = named::number(SCOPE))]
    scopes: Vec<i32>,
    /// Which accounts it may act for: an identifier in which * stands for any text [default: all]
    #[arg(long = "account-pattern", value_name = "PATTERN")]
    account_patterns: Vec<String>,
    /// When it ends, from now, such as 30d [default: never]
    #[arg(long, value_name = "DURATION", value_parser = crate::duration::parse)]
    expires_in: Option<Duration>,
    #[command(flatten)]
    connection: VaultConnection,
}

/// Whose keys to list.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    /// The tenant [default: your own]; another one needs an operator key
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    connection: VaultConnection,
}

/// The key to revoke.
#[derive(Clone, Debug, clap::Args)]
pub struct Revoke {
    /// The key's id; `granary keys list` shows it
    key_id: String,
    /// Do not ask; needed where there is no terminal to ask at
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: VaultConnection,
}

/// Where to ask for the sealing key.
#[derive(Clone, Debug, clap::Args)]
pub struct Sealing {
    #[command(flatten)]
    connection: VaultConnection,
}

const EXAMPLES: &str = "\
Examples:
  granary keys create --label timesheets --scope time:read --scope time:write \\
      --account-pattern 'user_*'
  granary keys create --label trial --scope linkedin:read --expires-in 30d \\
      --output json
  granary keys revoke Ab3dEf6hIj9k
  granary keys sealing";

const SCOPE: &str = "granary.policy.v1.Scope";
const KEY: &str = "granary.vault.v1.ApiKey";
const FIELDS: [(&str, &str); 8] = [
    ("key id", "key_id"),
    ("tenant", "tenant"),
    ("label", "label"),
    ("scopes", "scopes"),
    ("accounts", "account_patterns"),
    ("created", "create_time"),
    ("expires", "expire_time"),
    ("revoked", "revoke_time"),
];

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Revoke(Revoke { key_id, yes, connection }) => {
            if !yes {
                confirm(&format!("Revoke the API key {key_id}?"))?;
            }
            let api = connection.open()?;
            let request = api.request(wire::RevokeApiKeyRequest { key_id });
            let answer = api.answer(api.admin().revoke_api_key(request)).await?;
            let key = views::inner(KEY, answer.api_key.as_ref())?;
            let text = fields(&key, &FIELDS);
            Ok(Shown { text, document: views::named("api_key", key), ..Shown::default() })
        }
        Command::Sealing(Sealing { connection }) => {
            let key = SealingKey::fetch(&connection.open()?).await?;
            let document = json!({"key_id": key.key_id, "fingerprint": key.fingerprint()});
            let text = fields(&document, &[("key id", "key_id"), ("fingerprint", "fingerprint")]);
            Ok(Shown { text, document, ..Shown::default() })
        }
    }
}

async fn create(args: Create) -> Result<Shown, Failure> {
    let api = args.connection.open()?;
    let request = wire::CreateApiKeyRequest {
        tenant: args.tenant.unwrap_or_default(),
        label: args.label,
        scopes: args.scopes,
        account_patterns: args.account_patterns,
        expire_time: args.expires_in.map(|wait| (SystemTime::now() + wait).into()),
    };
    let mut answer = api.answer(api.admin().create_api_key(api.request(request))).await?;
    let key = views::inner(KEY, answer.api_key.as_ref())?;
    let text = format!("{}\n\n{}", fields(&key, &FIELDS[..7]), answer.key_text);
    let document = json!({"api_key": key, "key_text": answer.key_text});
    answer.key_text.zeroize();
    let notes = vec!["keep the key now; it is not shown again".to_owned()];
    Ok(Shown { text, notes, document, ..Shown::default() })
}

async fn list(args: List) -> Result<Shown, Failure> {
    let api = args.connection.open()?;
    let tenant = args.tenant.unwrap_or_default();
    let keys = all_pages(async |page_token| {
        let request = wire::ListApiKeysRequest { tenant: tenant.clone(), page_size: 0, page_token };
        let answer = api.answer(api.admin().list_api_keys(api.request(request))).await?;
        Ok((answer.api_keys, answer.next_page_token))
    })
    .await?;
    let keys = views::documents(KEY, &keys)?;
    let headings = FIELDS.map(|(name, key)| (name.to_uppercase(), key));
    let columns: Vec<(&str, &str)> = headings.iter().map(|(name, key)| (name.as_str(), *key)).collect();
    let text = Table::of(&keys, &columns).text();
    Ok(Shown { text, document: json!({"api_keys": keys}), ..Shown::default() })
}
