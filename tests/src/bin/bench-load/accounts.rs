//! Makes accounts at credential-vault's own address: in the API key's own tenant, or in many, of which that one has a tenth.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::admin_client::AdminClient;
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use granary_proto::granary::vault::v1::put_credential_request::Credential;
use granary_proto::granary::vault::v1::{
    CreateApiKeyRequest, CreateTenantRequest, GetOrCreateConnectedAccountRequest, HarvestapiKey,
    PutCredentialRequest,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::{Failure, account, bearer};

/// Changes under way at a time, so that the store can write several at once; one tenant may have no more.
const AT_A_TIME: usize = 64;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Credential-vault's own address
    #[arg(long)]
    address: String,
    /// How many accounts in all
    #[arg(long)]
    count: usize,
    /// How many tenants; all but the API key's own are made
    #[arg(long, default_value_t = 1)]
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
        Self { largest: if others == 0 { args.count } else { args.count.div_ceil(10) }, others }
    }

    fn place(self, number: usize) -> (usize, usize) {
        match number.checked_sub(self.largest) {
            Some(rest) if self.others > 0 => (1 + rest % self.others, rest / self.others),
            _ => (0, number),
        }
    }
}

type Bearer = MetadataValue<Ascii>;

pub(crate) async fn run(args: Args, own: Bearer) -> Result<Value, Failure> {
    let key = std::io::read_to_string(std::io::stdin())?.trim().to_owned();
    let start = Instant::now();
    let channel = Endpoint::from_shared(format!("http://{}", args.address))?.connect().await?;
    let mut tenants = vec![own.clone()];
    for number in 1..args.tenants {
        tenants.push(tenant(channel.clone(), &own, format!("bench-{number}")).await?);
    }
    let (tenants, next) = (Arc::new(tenants), Arc::new(AtomicUsize::new(0)));
    let (shares, count) = (Shares::of(&args), args.count);
    let mut tasks = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (channel, tenants, next, key) = (channel.clone(), tenants.clone(), next.clone(), key.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>(());
                }
                let (of, number) = shares.place(number);
                make(channel.clone(), &tenants[of], &key, account(number)).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(json!({"accounts": count, "largest": shares.largest, "seconds": start.elapsed().as_secs_f64()}))
}

fn with<T>(bearer: &Bearer, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request
}

/// Makes a tenant and a key by which its accounts are made.
async fn tenant(channel: Channel, own: &Bearer, name: String) -> Result<Bearer, Failure> {
    let mut admin = AdminClient::new(channel);
    admin.create_tenant(with(own, CreateTenantRequest { name: name.clone() })).await?;
    let scopes = vec![Scope::AccountsWrite.into(), Scope::CredentialsWrite.into()];
    let new = CreateApiKeyRequest { tenant: name, scopes, ..CreateApiKeyRequest::default() };
    bearer(&admin.create_api_key(with(own, new)).await?.into_inner().key_text)
}

async fn make(channel: Channel, bearer: &Bearer, key: &str, identifier: String) -> Result<(), Failure> {
    let mut vault = CredentialVaultClient::new(channel);
    let account = GetOrCreateConnectedAccountRequest { identifier: identifier.clone() };
    vault.get_or_create_connected_account(with(bearer, account)).await?;
    let credential = Some(Credential::HarvestapiKey(HarvestapiKey { api_key: key.to_owned() }));
    vault
        .put_credential(with(bearer, PutCredentialRequest { identifier, credential, expected_version: None }))
        .await?;
    Ok(())
}
