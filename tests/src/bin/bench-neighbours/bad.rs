//! One way to misbehave, again and again for a bounded time. What comes of it is nobody's concern.
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use granary_proto::granary::linkedin::v1::ScrapeProfileRequest;
use granary_testkit::Hostile;
use granary_testkit::hostile::{self, Call, EMPTY};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{BAD, Failure};

const PROFILE: &str = "/granary.linkedin.v1.LinkedInData/ScrapeProfile";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
/// Callers of those kinds that need several.
const WORKERS: usize = 100;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway, or what stands before it
    #[arg(long)]
    address: String,
    #[arg(long, value_enum)]
    kind: Kind,
    /// When it stops
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
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
}

pub(crate) async fn run(args: Args, key: &str) -> Result<Value, Failure> {
    let workers = match args.kind {
        Kind::Cancels | Kind::Busy => WORKERS,
        _ => 1,
    };
    let caller = Hostile::new(&args.address).with_key(key).with_account(BAD);
    let public_identifier = Some("sixty-kilobytes".to_owned());
    let body = hostile::frame(&ScrapeProfileRequest { public_identifier, ..Default::default() });
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (args, caller, body) = (args.clone(), caller.clone(), body.clone());
        tasks.spawn(async move {
            let (begun, mut calls) = (Instant::now(), 0);
            while begun.elapsed().as_secs_f64() < args.seconds {
                let left = Duration::from_secs_f64(args.seconds).saturating_sub(begun.elapsed());
                calls +=
                    tokio::time::timeout(left, once(args.kind, &caller, &body)).await.unwrap_or_default();
                tokio::task::yield_now().await;
            }
            calls
        });
    }
    let calls: usize = tasks.join_all().await.into_iter().sum();
    Ok(json!({"calls": calls}))
}

/// Misbehaves once, and tells by how many calls.
async fn once(kind: Kind, caller: &Hostile, body: &Bytes) -> usize {
    let soon = Duration::from_secs(1);
    match kind {
        Kind::Cancels => {
            let Ok(mut connection) = caller.try_connect().await else { return 0 };
            for number in 0..100 {
                let Some(call) = connection.call(PROFILE, body.clone()).await else { return number };
                tokio::time::sleep(Duration::from_millis(2)).await;
                call.cancel();
            }
            100
        }
        Kind::HangsUp => {
            let calls = begin(caller, PROFILE, body, 200, Duration::from_millis(20)).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            calls
        }
        Kind::Late => {
            begin(&caller.clone().with_timeout("1n"), PROFILE, body, 200, Duration::from_millis(30)).await
        }
        Kind::Unread => {
            begin(&caller.clone().with_timeout("2S").with_window(0), PROFILE, body, 120, soon * 2).await
        }
        Kind::Unfinished => {
            let body = hostile::unfinished(4_194_000);
            begin(&caller.clone().with_timeout("1S"), HEALTH, &body, 60, soon).await
        }
        Kind::Headers => {
            let mut calls = 0;
            for size in [20_000, 56_000] {
                calls += begin(&caller.clone().with_large_headers(size), HEALTH, body, 1, soon / 10).await;
            }
            calls
        }
        Kind::Watches => {
            let (empty, watching) = (Bytes::from_static(EMPTY), Duration::from_secs(60));
            join_all((0..8).map(|_| begin(caller, WATCH, &empty, 250, watching))).await.into_iter().sum()
        }
        Kind::Busy => {
            let Ok(mut connection) = caller.try_connect().await else { return 0 };
            for number in 0..100 {
                let Some(call) = connection.call(PROFILE, body.clone()).await else { return number };
                call.end(soon).await;
            }
            100
        }
    }
}

/// Begins calls on a connection, leaves them alone for a time or until all have ended, and hangs up.
async fn begin(caller: &Hostile, path: &str, body: &Bytes, count: usize, time: Duration) -> usize {
    let Ok(mut connection) = caller.try_connect().await else { return 0 };
    let unfinished = path == HEALTH;
    let mut calls: Vec<Call> = Vec::new();
    for _ in 0..count {
        let Some(mut call) = connection.begin(path).await else { break };
        call.send(body.clone(), !unfinished);
        calls.push(call);
    }
    let begun = calls.len();
    join_all(calls.into_iter().map(|call| call.end(time))).await;
    connection.hang_up().await;
    begun
}
