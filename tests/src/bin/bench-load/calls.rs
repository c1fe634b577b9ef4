//! A closed loop: each of so many callers makes its next call when the last one is answered.
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tonic::body::Body;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tower::{Service, ServiceExt};

use crate::answer::{Checker, Method};
use crate::{Failure, account};

/// Longest wait for one answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway
    #[arg(long)]
    address: String,
    #[arg(long, value_enum)]
    method: Method,
    /// Accounts to call as, one after the other and again from the first
    #[arg(long)]
    accounts: usize,
    /// Number of the account to begin with
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// Calls at a time
    #[arg(long)]
    concurrency: usize,
    /// Connections that share them
    #[arg(long)]
    connections: usize,
    /// When no further call begins
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// After how many calls no further call begins; 0: when the time is over
    #[arg(long, default_value_t = 0)]
    calls: usize,
}

/// What one caller measured.
#[derive(Default)]
struct Measured {
    micros: Vec<u64>,
    bytes: usize,
}

pub(crate) async fn run(args: Args, bearer: MetadataValue<Ascii>) -> Result<Value, Failure> {
    let mut bearer = HeaderValue::from_bytes(bearer.as_bytes())?;
    bearer.set_sensitive(true);
    let mut channels = Vec::new();
    for _ in 0..args.connections.clamp(1, args.concurrency) {
        let endpoint = Endpoint::from_shared(format!("http://{}", args.address))?;
        channels.push(endpoint.tcp_nodelay(true).connect().await?);
    }
    let (start, next) = (Instant::now(), Rc::new(Cell::new(0)));
    let local = LocalSet::new();
    let callers: Vec<_> = (0..args.concurrency)
        .map(|number| {
            let channel = channels[number % channels.len()].clone();
            local.spawn_local(caller(args.clone(), channel, bearer.clone(), start, next.clone()))
        })
        .collect();
    let mut all = Measured::default();
    local
        .run_until(async {
            for caller in callers {
                let measured = caller.await??;
                all.micros.extend(measured.micros);
                all.bytes += measured.bytes;
            }
            Ok::<_, Failure>(())
        })
        .await?;
    let seconds = start.elapsed().as_secs_f64();
    all.micros.sort_unstable();
    let at = |percent: usize| all.micros.get(all.micros.len() * percent / 100).copied();
    Ok(json!({
        "calls": all.micros.len(),
        "seconds": seconds,
        "bytes": all.bytes,
        "p50_us": at(50),
        "p99_us": at(99),
    }))
}

async fn caller(
    args: Args,
    mut channel: Channel,
    bearer: HeaderValue,
    start: Instant,
    next: Rc<Cell<usize>>,
) -> Result<Measured, Failure> {
    let (frame, mut checker) = (args.method.frame()?, Checker::new(args.method));
    let mut measured = Measured::default();
    loop {
        let number = next.get();
        let over =
            if args.calls > 0 { number >= args.calls } else { start.elapsed().as_secs_f64() >= args.seconds };
        if over {
            return Ok(measured);
        }
        next.set(number + 1);
        let request = Request::post(args.method.path())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", bearer.clone())
            .header("granary-account", account((args.first + number) % args.accounts))
            .body(Body::new(Full::new(frame.clone())))?;
        let began = Instant::now();
        let body = tokio::time::timeout(CALL_TIMEOUT, call(&mut channel, request)).await??;
        measured.micros.push(u64::try_from(began.elapsed().as_micros())?);
        measured.bytes += checker.check(&body)?;
    }
}

/// One call; anything but a whole answer with status 0 is a failure.
async fn call(channel: &mut Channel, request: Request<Body>) -> Result<bytes::Bytes, Failure> {
    let response = channel.ready().await?.call(request).await?;
    let headers = response.headers().clone();
    let body = response.into_body().collect().await?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    match trailers.get("grpc-status").or_else(|| headers.get("grpc-status")) {
        Some(status) if status == "0" => Ok(body.to_bytes()),
        status => {
            let text = trailers.get("grpc-message").or_else(|| headers.get("grpc-message"));
            Err(format!("a call failed: status {status:?}, {text:?}").into())
        }
    }
}
