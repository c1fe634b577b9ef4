//! `granary tenants limits`: how much of a gateway a tenant may use at a time.
use clap::builder::RangedI64ValueParser;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::{Error, Reason};
use serde_json::Value;

use crate::client::{ApiClient, VaultConnection};
use crate::exit::Failure;
use crate::output::{Shown, fields};
use crate::views;

/// The tenant, and what is to change. Without a flag, its limits are shown.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// The tenant's name
    name: String,
    /// Calls in flight of the tenant, in each gateway process: 1 to 1000000
    #[arg(long, value_name = "N", value_parser = limit())]
    max_calls: Option<i32>,
    /// Calls in flight of one API key of the tenant, likewise
    #[arg(long, value_name = "N", value_parser = limit())]
    max_calls_per_key: Option<i32>,
    /// Streams and bulk runs of the tenant in flight (such as FollowPages and BulkScrapeProfiles), likewise
    #[arg(long, value_name = "N", value_parser = limit())]
    max_streams: Option<i32>,
    /// Leave a limit to the gateway's settings again; once for each limit
    #[arg(long, value_name = "LIMIT", value_enum)]
    unset: Vec<Name>,
    #[command(flatten)]
    connection: VaultConnection,
}

/// A limit by the name of its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    #[value(name = "max-calls")]
    Calls,
    #[value(name = "max-calls-per-key")]
    CallsPerKey,
    #[value(name = "max-streams")]
    Streams,
}

/// Tenants asked for at a time while one is looked for.
const PAGE: i32 = 1_000;

/// Shows or changes the limits. A limit that no flag names stays as it is.
pub(super) async fn run(args: Limits) -> Result<Shown, Failure> {
    let api = args.connection.open()?;
    let tenant = find(&api, &args.name).await?;
    let limits = args.changed(tenant.limits.unwrap_or_default())?;
    let Some(limits) = limits else { return shown(&tenant) };
    let request = wire::SetTenantLimitsRequest { tenant: args.name, limits: Some(limits) };
    let answer = api.answer(api.admin().set_tenant_limits(api.request(request))).await?;
    shown(&answer.tenant.ok_or_else(|| Failure::unexpected("the answer holds no tenant"))?)
}

impl Limits {
    /// What the limits are to be; `None` where no flag says anything of them.
    fn changed(&self, mut limits: wire::TenantLimits) -> Result<Option<wire::TenantLimits>, Failure> {
        let all = [
            (Name::Calls, self.max_calls, &mut limits.max_calls),
            (Name::CallsPerKey, self.max_calls_per_key, &mut limits.max_calls_per_key),
            (Name::Streams, self.max_streams, &mut limits.max_streams),
        ];
        let mut said = false;
        for (name, value, limit) in all {
            let unset = self.unset.contains(&name);
            if unset && value.is_some() {
                return Err(Failure::usage("a limit cannot be set and unset at once"));
            }
            if unset || value.is_some() {
                *limit = value;
                said = true;
            }
        }
        Ok(said.then_some(limits))
    }
}

async fn find(api: &ApiClient, name: &str) -> Result<wire::Tenant, Failure> {
    let mut page_token = String::new();
    loop {
        let request = api.request(wire::ListTenantsRequest { page_size: PAGE, page_token });
        let answer = api.answer(api.admin().list_tenants(request)).await?;
        if let Some(tenant) = answer.tenants.into_iter().find(|tenant| tenant.name == name) {
            return Ok(tenant);
        }
        if answer.next_page_token.is_empty() {
            let text = format!("there is no tenant named {name}; `granary tenants list` shows all of them");
            return Err(Error::new(Reason::NotFound, text).with("tenant", name).into());
        }
        page_token = answer.next_page_token;
    }
}

fn shown(tenant: &wire::Tenant) -> Result<Shown, Failure> {
    let document = views::document(super::TENANT, tenant)?;
    let text = fields(&flat(&document), &super::FIELDS);
    Ok(Shown { text, document: views::named("tenant", document), ..Shown::default() })
}

/// A tenant's document with its limits beside its name, as tables read it.
pub(super) fn flat(tenant: &Value) -> Value {
    let mut flat = tenant.clone();
    if let (Some(members), Some(Value::Object(limits))) = (flat.as_object_mut(), tenant.get("limits")) {
        members.extend(limits.clone());
    }
    flat
}

fn limit() -> RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(1..=1_000_000)
}
