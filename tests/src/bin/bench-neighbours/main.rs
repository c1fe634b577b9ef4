//! Good callers of one tenant and bad ones of another, each a process of its own, for a gateway or what stands before it.
mod bad;
mod good;

use std::io::Write;

use clap::Parser;
use granary_testkit::{Client, Sandbox, neighbours};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const GOOD: &str = "good-user";
const BAD: &str = "bad-user";
/// Empty rows in a mebibyte of JSON.
const ROWS: usize = 349_000;

/// The API key is read from BENCH_API_KEY. The result is one line of JSON.
#[derive(Debug, Parser)]
enum Args {
    /// Make both tenants, each with an account, and print their keys
    Settle {
        /// The gateway
        #[arg(long)]
        address: String,
        /// Credential-vault's own address
        #[arg(long)]
        vault: String,
        /// The simulator's control port, as a URL
        #[arg(long)]
        sandbox: String,
    },
    /// Call at a steady rate, and count what is lost
    Good(good::Args),
    /// Misbehave in one way
    Bad(bad::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let key = std::env::var("BENCH_API_KEY").map_err(|_| "BENCH_API_KEY is not set")?;
    let result = match Args::parse() {
        Args::Settle { address, vault, sandbox } => settle(&address, &vault, &sandbox, &key).await,
        Args::Good(args) => good::run(args, &key).await?,
        Args::Bad(args) => bad::run(args, &key).await?,
    };
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

async fn settle(address: &str, vault: &str, sandbox: &str, key: &str) -> Value {
    let (operator, sandbox) = (Client::new(address, vault, key), Sandbox::new(sandbox));
    let mut keys = Vec::new();
    for (tenant, account) in [("good", GOOD), ("bad", BAD)] {
        let client = operator.tenant(tenant).await;
        neighbours::settle(&client, &sandbox, account).await;
        keys.push(client.key_text().to_owned());
    }
    // What the vendor does to the bad one: a group after three seconds, and a search of so many empty rows.
    let key = neighbours::key_of(BAD);
    let slow = json!({"api": "harvestapi", "path": "/linkedin/group*", "credential": key, "count": 0, "delay_ms": 3_000});
    sandbox.fault(slow).await;
    let found = json!({"status": 200, "cost": 0.004, "elements": vec![json!({}); ROWS]});
    let path = "/linkedin/company-search*";
    let rows =
        json!({"api": "harvestapi", "path": path, "credential": key, "count": 0, "body": {"json": found}});
    sandbox.fault(rows).await;
    json!({"good": keys[0], "bad": keys[1]})
}
