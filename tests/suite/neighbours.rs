//! Fates are apart: whatever one caller does, the callers of another tenant lose nothing by it.
//!
//! Each test starts services of its own, with good callers of one tenant and a hostile one of another. At the usual size a test
//! takes some seconds; with GRANARY_TEST_SIZE=full (`tests/run long neighbours`) it attacks for longer and with more.
mod balance;
mod by_default;
mod cancelled;
mod compressed;
mod conversions;
mod crowds;
mod cut_off;
mod drained;
mod early;
mod files;
mod frames;
mod framing;
mod full_disk;
mod gap;
mod large;
mod long;
mod names;
mod reflection;
mod refused;
mod revoked;
mod seen;
mod sent_again;
mod streams;
mod tenant_limits;
mod unfinished;
mod unprocessed;
mod unread;

use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_proto::granary::linkedin::v1::ScrapeProfileRequest;
use granary_testkit::{Client, Cluster, Envoy, Hostile, Neighbours, Sandbox, hostile, neighbours};
use serde_json::json;

use crate::support::sized;

const COMPANY: &str = "/granary.harvest.v1.HarvestTime/GetCompany";
const TIME_ENTRY: &str = "/granary.harvest.v1.HarvestTime/LogTimeEntry";
const PROFILE: &str = "/granary.linkedin.v1.LinkedInData/ScrapeProfile";
const TOOL: &str = "/granary.gateway.v1.ToolService/ExecuteTool";
const GET_ACCOUNT: &str = "/granary.vault.v1.CredentialVault/GetConnectedAccount";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// Asks reflection for its services.
const LIST_SERVICES: [u8; 2] = [7 << 3 | 2, 0];

/// The services, good callers of one tenant that do not call yet, and a hostile caller of another.
struct Deployment {
    cluster: Cluster,
    sandbox: Sandbox,
    good: Neighbours,
    evil: Hostile,
    evil_client: Client,
    evil_token: String,
}

impl Deployment {
    /// Starts the services with these settings.
    async fn open(settings: &[&str]) -> Self {
        Self::around(Cluster::start_with(settings).await).await
    }

    /// Moves into services that run.
    async fn around(cluster: Cluster) -> Self {
        let (operator, sandbox) = (cluster.client(), cluster.sandbox());
        let good = Neighbours::new(&operator, &sandbox, &cluster.address("gateway")).await;
        let evil_client = operator.tenant("evil").await;
        let evil_token = neighbours::settle(&evil_client, &sandbox, "evil-user").await;
        let evil = Hostile::new(&cluster.address("gateway"))
            .with_key(evil_client.key_text())
            .with_account("evil-user");
        Self { cluster, sandbox, good, evil, evil_client, evil_token }
    }

    /// From now on Harvest takes so long for each call on the company, whoever makes it.
    async fn slow_vendor(&self, millis: u64) {
        for path in ["/v2/company*", "/v2/time_entries*"] {
            let fault = json!({"api": "harvest", "path": path, "count": 0, "delay_ms": millis});
            self.sandbox.fault(fault).await;
        }
    }

    /// From now on Harvest answers the hostile tenant with this, after so long.
    async fn answer_evil(&self, path: &str, millis: u64, answer: Option<serde_json::Value>) {
        let mut fault = json!({"api": "harvest", "path": path, "credential": self.evil_token,
            "count": 0, "delay_ms": millis});
        if let Some(answer) = answer {
            fault["body"] = json!({"json": answer});
        }
        self.sandbox.fault(fault).await;
    }

    /// A balancer before the gateway, which looks at its health this often.
    async fn balancer(&self, interval: Duration) -> Envoy {
        Envoy::before(&[&self.gateway()], interval).await
    }

    fn gateway(&self) -> String {
        self.cluster.address("gateway")
    }
}

/// How long an attack goes on.
fn attack_time() -> Duration {
    Duration::from_millis(sized(1_500, 15_000))
}

/// A profile of 52 KB is asked for.
fn profile() -> Bytes {
    let public_identifier = Some("sixty-kilobytes".to_owned());
    hostile::frame(&ScrapeProfileRequest { public_identifier, ..Default::default() })
}

/// Does something again and again, this often, for as long as an attack goes on.
async fn again_and_again<F: Future<Output = ()>>(every: Duration, mut what: impl FnMut() -> F) {
    let begun = Instant::now();
    let mut tick = tokio::time::interval(every);
    while begun.elapsed() < attack_time() {
        tick.tick().await;
        what().await;
    }
}
