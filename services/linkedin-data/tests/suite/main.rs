//! `LinkedInData` over real sockets: against recorded shapes, and against the simulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod any_input;
mod apify_failures;
mod bad_inputs;
mod bulk;
mod calls;
mod fixtures;
mod follow;
mod inputs;
mod late_rows;
mod limited_runs;
mod members;
mod prices;
mod probes;
mod runs_of_others;
mod success;
mod tools;
mod upstream_faults;
mod verdicts;

use granary_credential::{Credential, Secret};
use granary_linkedin_data::Config;
use granary_testkit::{stub, wire};

pub(crate) const KEY: &str = "canary-key-71d04ea59c";

pub(crate) fn path(rpc: &str) -> String {
    let service = if rpc.starts_with("Probe") {
        "granary.internal.v1.LinkedInProbes"
    } else {
        "granary.linkedin.v1.LinkedInData"
    };
    format!("/{service}/{rpc}")
}

pub(crate) fn key(text: &str) -> Credential {
    Credential::HarvestapiKey { api_key: Secret::new(text.to_owned()) }
}

/// A session with everything that one may hold.
pub(crate) fn session() -> Credential {
    Credential::LinkedinSession {
        li_at: Secret::new("canary-cookie-5f0c3d".to_owned()),
        proxy: Some(Secret::new("http://user:canary-proxy-88@proxy.example:8080".to_owned())),
        user_agent: Some("Invented/1.0".to_owned()),
    }
}

/// The service, with both vendors at this address.
pub(crate) async fn service(url: &str) -> wire::Service {
    let mut config = Config::default();
    config.harvestapi.base_url = url.to_owned();
    config.apify.base_url = url.to_owned();
    service_with(&config).await
}

pub(crate) async fn service_with(config: &Config) -> wire::Service {
    wire::Service::open(|ring| granary_linkedin_data::routes(config, ring)).await
}
