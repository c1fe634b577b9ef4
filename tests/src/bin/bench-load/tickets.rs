//! Asks the broker for tickets as a gateway does, one at a time.
use std::time::{Duration, Instant, SystemTime};

use granary_proto::granary::internal::v1::credential_broker_client::CredentialBrokerClient;
use granary_proto::granary::internal::v1::{AuthenticateRequest, IssueTicketRequest, IssueTicketResponse};
use granary_proto::granary::policy::v1::CredentialKind;
use serde_json::Value;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;

use crate::measured::Measured;
use crate::{Failure, account};

const METHOD: &str = "granary.linkedin.v1.LinkedInData/GetMyApiUser";
/// How long a principal token is used. It lives a minute.
const PRINCIPAL_INTERVAL: Duration = Duration::from_secs(30);

/// The broker's peer key is read from BENCH_PEER_KEY.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The broker
    #[arg(long)]
    address: String,
    /// How many accounts the tenant has
    #[arg(long)]
    accounts: usize,
    /// Tickets to ask for at most
    #[arg(long)]
    calls: usize,
    /// When no further ticket is asked for
    #[arg(long)]
    seconds: f64,
    /// Number of the account to begin with; the others are spread over all of them
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// Ask for the first account again and again
    #[arg(long)]
    warm: bool,
}

pub(crate) async fn run(args: Args, api_key: &str) -> Result<Value, Failure> {
    let key: MetadataValue<Ascii> = std::env::var("BENCH_PEER_KEY")?.parse()?;
    let endpoint = Endpoint::from_shared(format!("http://{}", args.address))?;
    let channel = endpoint.tcp_nodelay(true).connect().await?;
    let mut broker = CredentialBrokerClient::with_interceptor(channel, |mut request: Request<()>| {
        request.metadata_mut().insert("granary-peer-key", key.clone());
        Ok(request)
    });
    if !args.warm && args.calls > args.accounts {
        return Err("more cold tickets than accounts".into());
    }
    let (mut principal, mut minted) = (Vec::new(), None);
    let mut measured = Measured::begin();
    while measured.goes_on(args.calls, args.seconds) {
        if minted.is_none_or(|at: Instant| at.elapsed() > PRINCIPAL_INTERVAL) {
            let request = AuthenticateRequest { api_key: api_key.to_owned() };
            principal = broker.authenticate(request).await?.into_inner().principal_token;
            minted = Some(Instant::now());
        }
        let spread = if args.warm { 0 } else { measured.calls() * (args.accounts / args.calls) };
        let request = IssueTicketRequest {
            principal_token: principal.clone(),
            identifier: account((args.first + spread) % args.accounts),
            method: METHOD.to_owned(),
        };
        let began = Instant::now();
        let answer = broker.issue_ticket(request).await?.into_inner();
        measured.add(began.elapsed())?;
        check(&answer)?;
    }
    measured.end()
}

/// Only its service can open a ticket, but what it is said to hold must be what was put.
fn check(answer: &IssueTicketResponse) -> Result<(), Failure> {
    let [inside] = answer.credentials.as_slice() else { return Err("not one credential".into()) };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let alive = answer.expire_time.is_some_and(|time| u64::try_from(time.seconds).is_ok_and(|at| at > now));
    let whole = answer.ticket.starts_with(b"GT2") && answer.incarnation.len() == 16;
    if inside.kind() != CredentialKind::HarvestapiKey || inside.version != 1 || !alive || !whole {
        return Err(format!("a wrong ticket: {:?}", answer.credentials).into());
    }
    Ok(())
}
