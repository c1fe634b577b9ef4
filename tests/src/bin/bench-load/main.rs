//! Load for whole brokered calls, and for credential-vault alone: makes accounts, calls a method in a closed loop with another
//! account each time, reads lists, asks for tickets.
mod accounts;
mod answer;
mod calls;
mod measured;
mod pages;
mod tickets;

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
    /// Read the pages of a tenant's list
    Pages(pages::Args),
    /// Ask the broker for tickets
    Tickets(tickets::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let key = || std::env::var("BENCH_API_KEY").map_err(|_| "BENCH_API_KEY is not set");
    let result = match Args::parse() {
        Args::Accounts(args) => accounts::run(args, bearer(&key()?)?).await?,
        Args::Calls(args) => calls::run(args, bearer(&key()?)?).await?,
        Args::Pages(args) => pages::run(args, bearer(&key()?)?).await?,
        Args::Tickets(args) => tickets::run(args, &key()?).await?,
    };
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

/// A key as callers send it.
fn bearer(key: &str) -> Result<MetadataValue<Ascii>, Failure> {
    let mut bearer: MetadataValue<Ascii> = format!("Bearer {key}").parse()?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

/// The account with a number.
fn account(number: usize) -> String {
    format!("bench_user_{number}")
}
