//! `HarvestTime` over real sockets: against recorded shapes, and against the simulator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod any_input;
mod decimals;
mod faults;
mod fixtures;
mod harness;
mod inputs;
mod kinds;
mod logging;
mod success;
mod verdicts;

use std::time::Duration;

use granary_credential::{Credential, Secret};
use granary_harvest_time::Config;
use granary_testkit::{stub, wire};

pub(crate) const TOKEN: &str = "canary-token-9f3b71c2";

pub(crate) fn path(rpc: &str) -> String {
    let service = if rpc.starts_with("Probe") {
        "granary.internal.v1.HarvestProbes"
    } else {
        "granary.harvest.v1.HarvestTime"
    };
    format!("/{service}/{rpc}")
}

pub(crate) fn token() -> Credential {
    Credential::HarvestToken { access_token: Secret::new(TOKEN.to_owned()), account_id: 910_077 }
}

/// The service, with an upstream at this address.
pub(crate) async fn service(url: &str) -> wire::Service {
    service_for(Duration::from_secs(20), url).await
}

/// The same, with this much time for each call.
pub(crate) async fn service_for(time: Duration, url: &str) -> wire::Service {
    let mut config = Config::default();
    config.harvest.base_url = url.to_owned();
    wire::Service::open_for(time, |ring| granary_harvest_time::routes(&config, ring)).await
}
