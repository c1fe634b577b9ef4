//! `HarvestTime` over real sockets: against recorded shapes, and against the simulator.
mod decimals;
mod faults;
mod fixtures;
mod house;
mod inputs;
mod kinds;
mod logging;
mod stub;
mod wire;

use granary_credential::{Credential, Secret};
use granary_harvest_time::Config;

pub(crate) const TOKEN: &str = "canary-token-9f3b71c2";

pub(crate) fn path(rpc: &str) -> String {
    format!("/granary.harvest.v1.HarvestTime/{rpc}")
}

pub(crate) fn token() -> Credential {
    Credential::HarvestToken { access_token: Secret::new(TOKEN.to_owned()), account_id: 910_077 }
}

/// The service, with an upstream at this address.
pub(crate) async fn door(url: &str) -> wire::Door {
    let mut config = Config::default();
    config.harvest.base_url = url.to_owned();
    wire::Door::open(|ring| granary_harvest_time::routes(&config, ring)).await
}
