//! One way to misbehave, again and again for a bounded time. What comes of it is nobody's concern.
mod once;

use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_testkit::Hostile;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{BAD, Failure};
use once::Bodies;

/// Callers of those kinds that need several.
const WORKERS: usize = 100;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway, or what stands before it
    #[arg(long)]
    address: String,
    #[arg(long, value_enum)]
    kind: BadKind,
    /// When it stops
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BadKind {
    /// A hundred callers cancel each call after two milliseconds
    Cancels,
    /// Connections with 200 calls are closed, every 50 ms
    HangsUp,
    /// Bursts of 200 calls whose deadline has passed
    Late,
    /// 120 answers of 52 KB at a time that nobody reads
    Unread,
    /// 60 bodies of 4 MB at a time of which a byte is missing
    Unfinished,
    /// Headers of 20 and 56 KB
    Headers,
    /// 2,000 streams that watch health
    Watches,
    /// A hundred callers that call as fast as they are answered
    Busy,
    /// 600 calls at a time that the vendor answers after three seconds
    Slow,
    /// Connections with 1,100 calls of a key that nobody knows
    Refused,
    /// 60 messages at a time that announce 4 GiB
    Announced,
    /// Six inputs of 3.8 MB at a time, of keys that no tool has
    UnknownKeys,
    /// Searches that the vendor answers with a mebibyte of empty rows
    Rows,
}

pub(crate) async fn run(args: Args, key: &str) -> Result<Value, Failure> {
    let workers = match args.kind {
        BadKind::Cancels | BadKind::Busy => WORKERS,
        _ => 1,
    };
    let caller = Hostile::new(&args.address).with_key(key).with_account(BAD);
    let bodies = Arc::new(Bodies::new());
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (args, caller, bodies) = (args.clone(), caller.clone(), bodies.clone());
        tasks.spawn(async move {
            let (begun, mut calls) = (Instant::now(), 0);
            while begun.elapsed().as_secs_f64() < args.seconds {
                let left = Duration::from_secs_f64(args.seconds).saturating_sub(begun.elapsed());
                calls += tokio::time::timeout(left, once::misbehave(args.kind, &caller, &bodies))
                    .await
                    .unwrap_or_default();
                tokio::task::yield_now().await;
            }
            calls
        });
    }
    let calls: usize = tasks.join_all().await.into_iter().sum();
    Ok(json!({"calls": calls}))
}
