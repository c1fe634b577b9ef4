//! The service behind every proxy under measurement: it answers `GetCompany` with a message of a fixed size, whatever the
//! metadata says, and calls every service healthy.
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use clap::Parser;
use granary_proto::granary::harvest::v1::{Company, GetCompanyRequest, GetCompanyResponse};
use prost::Message;
use tonic::server::{Grpc, NamedService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// Five bytes of frame prefix and the message.
const ANSWER: usize = 1_107;
const PATH: &str = "/granary.harvest.v1.HarvestTime/GetCompany";
/// A gateway looks at the health of everything behind it.
const HEALTHY: [&str; 3] = [
    "granary.vault.v1.CredentialVault",
    "granary.harvest.v1.HarvestTime",
    "granary.linkedin.v1.LinkedInData",
];

/// Serves HTTP/2 in plain text.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
}

/// One thread: a proxy with one upstream connection would leave others idle.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in HEALTHY {
        reporter.set_service_status(service, tonic_health::ServingStatus::Serving).await;
    }
    let echo = Echo(answer()?);
    Server::builder().tcp_nodelay(true).add_service(echo).add_service(health).serve(args.listen).await?;
    Ok(())
}

#[derive(Clone)]
struct Echo(GetCompanyResponse);

impl NamedService for Echo {
    const NAME: &'static str = "granary.harvest.v1.HarvestTime";
}

impl Service<http::Request<tonic::body::Body>> for Echo {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let answer = self.0.clone();
        Box::pin(async move {
            if request.uri().path() != PATH {
                return Ok(Status::unimplemented("only GetCompany is answered").into_http());
            }
            let codec = ProstCodec::<GetCompanyResponse, GetCompanyRequest>::default();
            let unary = service_fn(move |_: Request<GetCompanyRequest>| {
                std::future::ready(Ok::<_, Status>(Response::new(answer.clone())))
            });
            Ok(Grpc::new(codec).unary(unary, request).await)
        })
    }
}

/// A company whose name fills the message up to its size.
fn answer() -> Result<GetCompanyResponse, String> {
    let of = |length: usize| GetCompanyResponse {
        company: Some(Company {
            name: Some("x".repeat(length)),
            is_active: Some(true),
            ..Company::default()
        }),
        warnings: Vec::new(),
    };
    (0..ANSWER)
        .map(of)
        .find(|answer| answer.encoded_len() + 5 == ANSWER)
        .ok_or_else(|| format!("no name fills a message up to {ANSWER} bytes"))
}
