//! `granary tenants`: the customers that operate backends, at credential-vault's own door.
use granary_proto::granary::vault::v1 as wire;
use serde_json::json;

use crate::client::{Connection, all_pages};
use crate::exit::Failure;
use crate::output::{Shown, Table, fields};
use crate::views;

/// What can be done to tenants.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Create a tenant
    Create(Create),
    /// List the tenants
    List(List),
}

/// The tenant to create.
#[derive(Clone, Debug, clap::Args)]
pub struct Create {
    /// Its name: 1 to 63 characters of a-z, 0-9 and "-"
    name: String,
    #[command(flatten)]
    connection: Connection,
}

/// Where to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    connection: Connection,
}

const EXAMPLES: &str = "\
Both need an operator key; `granary credential-vault init` and the first `granary up` print one.

Examples:
  granary tenants create acme
  granary keys create --tenant acme --label first --scope admin --scope accounts:write";

const TENANT: &str = "granary.vault.v1.Tenant";

/// Does it.
pub async fn run(command: Command) -> Result<Shown, Failure> {
    match command {
        Command::Create(Create { name, connection }) => {
            let door = connection.vault()?;
            let request = door.request(wire::CreateTenantRequest { name });
            let answer = door.answer(door.admin().create_tenant(request)).await?;
            let tenant = views::inner(TENANT, answer.tenant.as_ref())?;
            let text = fields(&tenant, &[("name", "name"), ("created", "create_time")]);
            Ok(Shown { text, document: views::named("tenant", tenant), ..Shown::default() })
        }
        Command::List(List { connection }) => {
            let door = connection.vault()?;
            let tenants = all_pages(async |page_token| {
                let request = door.request(wire::ListTenantsRequest { page_size: 0, page_token });
                let answer = door.answer(door.admin().list_tenants(request)).await?;
                Ok((answer.tenants, answer.next_page_token))
            })
            .await?;
            let tenants = views::documents(TENANT, &tenants)?;
            let text = Table::of(&tenants, &[("NAME", "name"), ("CREATED", "create_time")]).text();
            Ok(Shown { text, document: json!({"tenants": tenants}), ..Shown::default() })
        }
    }
}
