//! The service as tonic routes, and what its calls share.
use std::collections::BTreeMap;
use std::sync::Arc;

use granary_credential::ticket::Keyring;
use granary_proto::PolicyTable;
use granary_proto::granary::internal::v1::linked_in_probes_server::LinkedInProbesServer;
use granary_proto::granary::linkedin::v1::linked_in_data_server::LinkedInDataServer;
use granary_server::{CancellationToken, Open};
use granary_ticketed::{Error, Failure, Ticketed, start};
use granary_upstream::Client;
use tonic::service::Routes;

use crate::early_head::EarlyHead;
use crate::{Config, ConnectionNotes};

/// Bytes of one request. Upstream takes URLs of 60,000 bytes, and fifty URLs of profiles are 100,000.
const MAX_REQUEST: usize = 256 << 10;
/// Its full name in the contract.
const SERVICES: [&str; 1] = ["granary.linkedin.v1.LinkedInData"];

/// `LinkedInData`, cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Arc<Shared>);

struct Shared {
    table: &'static PolicyTable,
    harvestapi: Client,
    apify: Client,
    prices: BTreeMap<String, i64>,
    connection_notes: ConnectionNotes,
}

/// The routes of `LinkedInData`, behind the layer that opens its tickets.
///
/// # Errors
/// Says what is wrong with the settings, or with the contract.
pub fn routes(config: &Config, ring: Keyring) -> Result<Routes, Error> {
    let faults = config.validate();
    if !faults.is_empty() {
        return Err(Error::Config(faults));
    }
    let client = |name, config: &granary_upstream::Config| {
        Client::new(name, config).map_err(|error| Error::Client(name, error))
    };
    let service = Service(Arc::new(Shared {
        table: granary_proto::policy_table()?,
        harvestapi: client("harvestapi", &config.harvestapi())?,
        apify: client("apify", &config.apify())?,
        prices: config.prices(),
        connection_notes: config.connection_notes,
    }));
    let table = service.0.table;
    let probes = LinkedInProbesServer::new(service.clone()).max_decoding_message_size(MAX_REQUEST);
    let server = LinkedInDataServer::new(service).max_decoding_message_size(MAX_REQUEST);
    let server = EarlyHead::new(server, table);
    let ticketed = Ticketed::new(table, ring, "linkedin-data", &config.admission);
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

    pub(crate) fn connection_notes(&self) -> ConnectionNotes {
        self.0.connection_notes
    }

    pub(crate) fn harvestapi(&self) -> &Client {
        &self.0.harvestapi
    }

    pub(crate) fn apify(&self) -> &Client {
        &self.0.apify
    }

    /// Micro-dollars that a call under this price costs at most.
    pub(crate) fn price(&self, sku: &str) -> Option<i64> {
        self.0.prices.get(sku).copied()
    }
}
