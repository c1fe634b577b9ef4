//! Reads the list of a tenant's accounts, page by page and again from the first, one page at a time.
use std::collections::HashSet;
use std::time::Instant;

use granary_proto::granary::vault::v1::ListConnectedAccountsRequest;
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use serde_json::Value;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;

use crate::Failure;
use crate::measured::Measured;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Credential-vault's own address
    #[arg(long)]
    address: String,
    /// How many accounts the tenant has
    #[arg(long)]
    accounts: usize,
    /// Accounts on a page
    #[arg(long, default_value_t = 100)]
    size: i32,
    /// Pages to read at most
    #[arg(long)]
    calls: usize,
    /// When no further page is asked for
    #[arg(long)]
    seconds: f64,
}

pub(crate) async fn run(args: Args, bearer: MetadataValue<Ascii>) -> Result<Value, Failure> {
    let endpoint = Endpoint::from_shared(format!("http://{}", args.address))?;
    let channel = endpoint.tcp_nodelay(true).connect().await?;
    let mut vault = CredentialVaultClient::with_interceptor(channel, |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", bearer.clone());
        Ok(request)
    });
    let mut measured = Measured::begin();
    let (mut page_token, mut seen) = (String::new(), HashSet::new());
    while measured.goes_on(args.calls, args.seconds) {
        let request = ListConnectedAccountsRequest { page_size: args.size, page_token, status: 0 };
        let began = Instant::now();
        let page = vault.list_connected_accounts(request).await?.into_inner();
        measured.add(began.elapsed())?;
        for account in page.connected_accounts {
            if account.credentials.len() != 1 {
                return Err(format!("{} has {} kinds", account.identifier, account.credentials.len()).into());
            }
            if !seen.insert(account.identifier) {
                return Err("an account stands on two pages".into());
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            if seen.len() != args.accounts {
                return Err(format!("the list has {} of {} accounts", seen.len(), args.accounts).into());
            }
            seen.clear();
        }
    }
    measured.end()
}
