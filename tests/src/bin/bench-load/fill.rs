//! Fills a store before credential-vault uses it: many tenants, of which one has a tenth of all accounts.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use granary_credential::{Credential, Secret};
use granary_credential_vault::store_selection::StoreKind;
use granary_credential_vault::{Bulk, Config, parts};
use granary_rpc::Identifier;
use granary_store::hashicorp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Failure, account};

/// Accounts under way at a time, so that the embedded store puts many into one commit.
const AT_A_TIME: usize = 128;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file of an embedded store
    #[arg(long, requires = "master_key", conflicts_with = "vault")]
    path: Option<PathBuf>,
    /// The file of its master key
    #[arg(long)]
    master_key: Option<PathBuf>,
    /// The address of a HashiCorp Vault
    #[arg(long, requires = "role_id", requires = "secret_id")]
    vault: Option<String>,
    /// The role to log in there with
    #[arg(long)]
    role_id: Option<String>,
    /// The file of its secret id
    #[arg(long)]
    secret_id: Option<PathBuf>,
    /// How many accounts in all
    #[arg(long)]
    accounts: usize,
    /// How many tenants
    #[arg(long)]
    tenants: usize,
}

impl Args {
    fn config(&self) -> Config {
        let auth = hashicorp::config::Auth {
            role_id: self.role_id.clone().unwrap_or_default(),
            secret_id_file: self.secret_id.clone(),
            ..hashicorp::config::Auth::default()
        };
        Config {
            store: if self.vault.is_some() { StoreKind::Vault } else { StoreKind::Embedded },
            vault: hashicorp::Config {
                addresses: self.vault.clone().into_iter().collect(),
                auth,
                ..hashicorp::Config::default()
            },
            store_path: self.path.clone().unwrap_or_default(),
            master_key_file: self.master_key.clone(),
            ..Config::default()
        }
    }
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

pub(crate) async fn run(args: Args) -> Result<Value, Failure> {
    let api_key = Secret::new(std::io::read_to_string(std::io::stdin())?.trim().to_owned());
    let bulk = Arc::new(Bulk::open(parts(&args.config()).await?).await?);
    let start = Instant::now();
    let largest_key = bulk.tenant(&tenant(0)).await?;
    for number in 1..args.tenants {
        bulk.tenant(&tenant(number)).await?;
    }
    let (shares, next) = (Shares::of(&args), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (bulk, next, api_key) = (Arc::clone(&bulk), Arc::clone(&next), api_key.clone());
        tasks.spawn(async move {
            let credential = Credential::HarvestapiKey { api_key };
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= args.accounts {
                    return Ok::<_, Failure>(());
                }
                let (of, number) = shares.place(number);
                let identifier = Identifier::parse(account(number)).map_err(|v| v.description)?;
                bulk.account(&tenant(of), &identifier, &credential).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    if let Some(bulk) = Arc::into_inner(bulk) {
        bulk.close().await;
    }
    Ok(json!({
        "accounts": args.accounts,
        "largest": shares.largest,
        "largest_key": largest_key,
        "seconds": start.elapsed().as_secs_f64(),
    }))
}

fn tenant(number: usize) -> String {
    format!("bench-{number}")
}
