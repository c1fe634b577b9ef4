//! A steady rate of reads: of 52 KB, and of a few bytes.
use std::time::{Duration, Instant};

use granary_testkit::Client;
use granary_testkit::neighbours::{self, Good};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Failure, GOOD};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway, or what stands before it
    #[arg(long)]
    address: String,
    /// Calls a second
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Connections that share them
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// When no further call begins
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

pub(crate) async fn run(args: Args, key: &str) -> Result<Value, Failure> {
    let clients: Vec<Client> =
        (0..args.connections.max(1)).map(|_| Client::new(&args.address, &args.address, key)).collect();
    for client in &clients {
        // Connected and with a ticket, or not: what is lost later tells.
        let _ = neighbours::call(client, GOOD, Good::Profile).await;
    }
    let begun = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / args.rate.max(1));
    let (mut calls, mut number) = (JoinSet::new(), 0);
    while begun.elapsed().as_secs_f64() < args.seconds {
        tick.tick().await;
        let client = clients[number % clients.len()].clone();
        let good = if (number / clients.len()).is_multiple_of(2) { Good::Profile } else { Good::ApiUser };
        number += 1;
        calls.spawn(async move {
            let begun = Instant::now();
            (neighbours::call(&client, GOOD, good).await.is_ok(), begun.elapsed())
        });
    }
    let made = calls.join_all().await;
    // A call that was lost early is no fast one.
    let mut micros = made.iter().filter(|(ok, _)| *ok).map(|(_, took)| took.as_micros()).collect::<Vec<_>>();
    micros.sort_unstable();
    let at = |percent: usize| micros.get(micros.len() * percent / 100).copied();
    Ok(json!({"calls": made.len(), "lost": made.len() - micros.len(), "p50_us": at(50), "p99_us": at(99)}))
}
