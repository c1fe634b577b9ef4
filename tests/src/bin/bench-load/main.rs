//! Load for whole brokered calls: makes accounts, or calls a method in a closed loop with another account each time.
mod accounts;
mod answer;
mod calls;

use std::io::Write;

use clap::Parser;
use tonic::metadata::{Ascii, MetadataValue};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The API key is read from BENCH_API_KEY. The result is one line of JSON.
#[derive(Debug, Parser)]
enum Args {
    /// Create accounts and put a HarvestAPI key, read from stdin, into each
    Accounts(accounts::Args),
    /// Call a method until the time is over, and check every answer
    Calls(calls::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let key = std::env::var("BENCH_API_KEY").map_err(|_| "BENCH_API_KEY is not set")?;
    let mut bearer: MetadataValue<Ascii> = format!("Bearer {key}").parse()?;
    bearer.set_sensitive(true);
    let result = match Args::parse() {
        Args::Accounts(args) => accounts::run(args, bearer).await?,
        Args::Calls(args) => calls::run(args, bearer).await?,
    };
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

/// The account with a number.
fn account(number: usize) -> String {
    format!("bench_user_{number}")
}
