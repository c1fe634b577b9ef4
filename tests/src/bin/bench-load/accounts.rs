//! Makes accounts at credential-vault's own address.
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use granary_proto::granary::vault::v1::put_credential_request::Credential;
use granary_proto::granary::vault::v1::{
    GetOrCreateConnectedAccountRequest, HarvestapiKey, PutCredentialRequest,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::{Failure, account};

/// Changes under way at a time, so that the store can write several at once.
const AT_A_TIME: usize = 32;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Credential-vault's own address
    #[arg(long)]
    address: String,
    /// How many accounts
    #[arg(long)]
    count: usize,
}

pub(crate) async fn run(args: Args, bearer: MetadataValue<Ascii>) -> Result<Value, Failure> {
    let key = std::io::read_to_string(std::io::stdin())?.trim().to_owned();
    let channel = Endpoint::from_shared(format!("http://{}", args.address))?.connect().await?;
    let mut tasks = JoinSet::new();
    for first in 0..AT_A_TIME {
        let (channel, bearer, key) = (channel.clone(), bearer.clone(), key.clone());
        tasks.spawn(async move {
            for number in (first..args.count).step_by(AT_A_TIME) {
                make(channel.clone(), &bearer, &key, account(number)).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(json!({"accounts": args.count}))
}

async fn make(
    channel: Channel,
    bearer: &MetadataValue<Ascii>,
    key: &str,
    identifier: String,
) -> Result<(), Failure> {
    let mut vault = CredentialVaultClient::with_interceptor(channel, |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", bearer.clone());
        Ok(request)
    });
    let account = GetOrCreateConnectedAccountRequest { identifier: identifier.clone() };
    vault.get_or_create_connected_account(account).await?;
    let credential = Some(Credential::HarvestapiKey(HarvestapiKey { api_key: key.to_owned() }));
    vault.put_credential(PutCredentialRequest { identifier, credential, expected_version: None }).await?;
    Ok(())
}
