//! The service as tonic routes, and what its calls share.
use std::collections::BTreeMap;
use std::sync::Arc;

use granary_credential::layer::TicketLayer;
use granary_credential::ticket::Ring;
use granary_proto::granary::linkedin::v1::linked_in_data_server::LinkedInDataServer;
use granary_proto::{Method, PolicyTable, policy};
use granary_server::{Admission, AdmissionLayer};
use granary_upstream::Client;
use tonic::service::{LayerExt, Routes};

use crate::early_head::EarlyHead;
use crate::{Config, ConnectionNotes};

/// Bytes of one request. Upstream takes URLs of 60,000 bytes, and fifty URLs of profiles are 100,000.
pub(crate) const MAX_REQUEST: usize = 256 << 10;

/// Why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have faults.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    /// A client cannot be built.
    #[error("a client cannot be built")]
    Client(#[from] granary_upstream::BuildError),
    /// The contract cannot be read.
    #[error(transparent)]
    Policy(#[from] policy::Error),
}

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
pub fn routes(config: &Config, ring: Ring) -> Result<Routes, Error> {
    let faults = config.faults();
    if !faults.is_empty() {
        return Err(Error::Config(faults));
    }
    let service = Service(Arc::new(Shared {
        table: granary_proto::policy_table()?,
        harvestapi: Client::new("harvestapi", &config.harvestapi())?,
        apify: Client::new("apify", &config.apify())?,
        prices: config.prices(),
        connection_notes: config.connection_notes,
    }));
    let layer = TicketLayer::new(ring, service.0.table);
    // Behind the ticket, since only that says whose call it is.
    let admission = AdmissionLayer::new(Admission::new("linkedin-data", &config.admission));
    let table = service.0.table;
    let server = LinkedInDataServer::new(service).max_decoding_message_size(MAX_REQUEST);
    let server = EarlyHead::new(server, table);
    Ok(Routes::new(layer.named_layer(admission.named_layer(server))))
}

impl Service {
    pub(crate) fn method(&self, path: &str) -> Option<&'static Method> {
        self.0.table.path(path)
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
