//! `granary tenants`: the customers that operate backends, at credential-vault's own address.
mod limits;

use granary_proto::granary::vault::v1 as wire;
use serde_json::{Value, json};

use crate::client::{VaultConnection, all_pages};
use crate::exit::Failure;
use crate::output::{Shown, Table, fields};
use crate::views;
pub use limits::Limits;

/// What can be done to tenants.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Create a tenant
    Create(Create),
    /// List the tenants
    List(List),
    /// Show or change how much of a gateway a tenant may use at a time
    Limits(Limits),
}

/// The tenant to create.
#[derive(Clone, Debug, clap::Args)]
pub struct Create {
    /// Its name: 1 to 63 characters of a-z, 0-9 and "-"
    name: String,
    #[command(flatten)]
    connection: VaultConnection,
}

/// Where to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    connection: VaultConnection,
}

const EXAMPLES: &str = "\
All of them need an operator key; `granary credential-vault init` and the first `granary up` print one.

Examples:
  granary tenants create acme
  granary keys create --tenant acme --label first --scope admin \\
      --scope accounts:write
  granary tenants limits acme --max-calls 200 --max-streams 4
  granary tenants limits acme --unset max-streams
  granary tenants limits acme";

const TENANT: &str = "granary.vault.v1.Tenant";
/// What is shown of a tenant. A limit that is not set is the gateway's setting.
const FIELDS: [(&str, &str); 5] = [
    ("name", "name"),
    ("created", "create_time"),
    ("max calls", "max_calls"),
    ("max calls per key", "max_calls_per_key"),
    ("max streams", "max_streams"),
];

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::Create(Create { name, connection }) => {
            let api = connection.open()?;
            let request = api.request(wire::CreateTenantRequest { name });
            let answer = api.answer(api.admin().create_tenant(request)).await?;
            let tenant = views::inner(TENANT, answer.tenant.as_ref())?;
            let text = fields(&tenant, &FIELDS[..2]);
            Ok(Shown { text, document: views::named("tenant", tenant), ..Shown::default() })
        }
        Command::List(List { connection }) => {
            let api = connection.open()?;
            let tenants = all_pages(async |page_token| {
                let request = api.request(wire::ListTenantsRequest { page_size: 0, page_token });
                let answer = api.answer(api.admin().list_tenants(request)).await?;
                Ok((answer.tenants, answer.next_page_token))
            })
            .await?;
            let tenants = views::documents(TENANT, &tenants)?;
            let rows: Vec<Value> = tenants.iter().map(limits::flat).collect();
            let headings = FIELDS.map(|(name, key)| (name.to_uppercase(), key));
            let columns: Vec<(&str, &str)> =
                headings.iter().map(|(name, key)| (name.as_str(), *key)).collect();
            let text = Table::of(&rows, &columns).text();
            Ok(Shown { text, document: json!({"tenants": tenants}), ..Shown::default() })
        }
        Command::Limits(args) => limits::run(args).await,
    }
}
