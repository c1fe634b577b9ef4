//! Fills a store at credential-vault's own door: many tenants, of which one has a tenth of all accounts.
use std::sync::Arc;
use std::time::Instant;

use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::admin_client::AdminClient;
use granary_proto::granary::vault::v1::{CreateApiKeyRequest, CreateTenantRequest};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::{Failure, account, accounts, bearer};

/// Changes under way at a time.
const AT_A_TIME: usize = 64;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Credential-vault's own door
    #[arg(long)]
    address: String,
    /// How many accounts in all
    #[arg(long)]
    accounts: usize,
    /// How many tenants
    #[arg(long)]
    tenants: usize,
}

/// Which tenant an account belongs to, and its number there.
#[derive(Clone, Copy, Debug)]
struct Shares {
    largest: usize,
    others: usize,
}

impl Shares {
    fn of(args: &Args) -> Self {
        let others = args.tenants.saturating_sub(1);
        Self { largest: if others == 0 { args.accounts } else { args.accounts.div_ceil(10) }, others }
    }

    fn place(self, number: usize) -> (usize, usize) {
        match number.checked_sub(self.largest) {
            Some(rest) if self.others > 0 => (1 + rest % self.others, rest / self.others),
            _ => (0, number),
        }
    }
}

pub(crate) async fn run(args: Args, operator: MetadataValue<Ascii>) -> Result<Value, Failure> {
    let upstream_key = std::io::read_to_string(std::io::stdin())?.trim().to_owned();
    let channel = Endpoint::from_shared(format!("http://{}", args.address))?.connect().await?;
    let start = Instant::now();
    let mut keys = Vec::new();
    for number in 0..args.tenants.max(1) {
        keys.push(tenant(channel.clone(), &operator, &format!("bench-{number}")).await?);
    }
    let largest_key = keys.first().cloned().unwrap_or_default();
    let bearers: Arc<Vec<_>> = Arc::new(keys.iter().map(|key| bearer(key)).collect::<Result<_, _>>()?);
    let shares = Shares::of(&args);
    let mut tasks = JoinSet::new();
    for first in 0..AT_A_TIME {
        let (channel, bearers, key) = (channel.clone(), Arc::clone(&bearers), upstream_key.clone());
        tasks.spawn(async move {
            for number in (first..args.accounts).step_by(AT_A_TIME) {
                let (tenant, number) = shares.place(number);
                let bearer = bearers.get(tenant).ok_or("an account without a tenant")?;
                accounts::make(channel.clone(), bearer, &key, account(number)).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(json!({
        "accounts": args.accounts,
        "largest": shares.largest,
        "largest_key": largest_key,
        "seconds": start.elapsed().as_secs_f64(),
    }))
}

/// Makes a tenant, and returns the text of a key of it.
async fn tenant(channel: Channel, operator: &MetadataValue<Ascii>, name: &str) -> Result<String, Failure> {
    let mut admin = AdminClient::with_interceptor(channel, |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", operator.clone());
        Ok(request)
    });
    admin.create_tenant(CreateTenantRequest { name: name.to_owned() }).await?;
    let scopes = [Scope::AccountsRead, Scope::AccountsWrite, Scope::CredentialsWrite, Scope::LinkedinRead];
    let request = CreateApiKeyRequest {
        tenant: name.to_owned(),
        label: "bench".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        ..CreateApiKeyRequest::default()
    };
    Ok(admin.create_api_key(request).await?.into_inner().key_text)
}
