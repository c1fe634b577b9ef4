//! The service as tonic routes, and what its calls share.
use std::sync::Arc;

use granary_credential::ticket::Keyring;
use granary_proto::PolicyTable;
use granary_proto::granary::harvest::v1::harvest_time_server::HarvestTimeServer;
use granary_proto::granary::internal::v1::harvest_probes_server::HarvestProbesServer;
use granary_server::{CancellationToken, Open};
use granary_ticketed::{Error, Failure, Ticketed, start};
use granary_upstream::Client;
use tonic::service::Routes;

use crate::Config;
use crate::timer_mode::TimerModes;

/// Bytes of one request. The largest that the rules of the fields allow, with notes, is a third of it.
const MAX_REQUEST: usize = 64 << 10;
/// Its full name in the contract.
const SERVICES: [&str; 1] = ["granary.harvest.v1.HarvestTime"];

/// `HarvestTime`, cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Arc<Shared>);

struct Shared {
    table: &'static PolicyTable,
    harvest: Client,
    one_key: Option<Client>,
    modes: TimerModes,
}

/// The routes of `HarvestTime`, behind the layer that opens its tickets.
///
/// # Errors
/// Says what is wrong with the settings, or with the contract.
pub fn routes(config: &Config, ring: Keyring) -> Result<Routes, Error> {
    let faults = config.validate();
    if !faults.is_empty() {
        return Err(Error::Config(faults));
    }
    let client = |config: &granary_upstream::Config, name| {
        Client::new("harvest", config).map_err(|e| Error::Client(name, e))
    };
    let service = Service(Arc::new(Shared {
        table: granary_proto::policy_table()?,
        harvest: client(&config.harvest(), "harvest")?,
        one_key: config.one_key().map(|config| client(&config, "one_key")).transpose()?,
        modes: TimerModes::new(),
    }));
    let table = service.0.table;
    let probes = HarvestProbesServer::new(service.clone()).max_decoding_message_size(MAX_REQUEST);
    let server = HarvestTimeServer::new(service).max_decoding_message_size(MAX_REQUEST);
    let ticketed = Ticketed::new(table, ring, "harvest-time", &config.admission);
    Ok(ticketed.add(ticketed.add(Routes::default(), server), probes))
}

/// Starts it as a process, on the current runtime.
///
/// # Errors
/// Where a setting, the keys or the address cannot be used.
pub async fn run(config: &Config, end: CancellationToken) -> Result<Open, Failure> {
    start(config.settings(), &SERVICES, MAX_REQUEST, |ring| routes(config, ring), end).await
}

impl Service {
    pub(crate) fn table(&self) -> &'static PolicyTable {
        self.0.table
    }

    pub(crate) fn harvest(&self) -> &Client {
        &self.0.harvest
    }

    pub(crate) fn one_key(&self) -> Option<&Client> {
        self.0.one_key.as_ref()
    }

    pub(crate) fn modes(&self) -> &TimerModes {
        &self.0.modes
    }
}
