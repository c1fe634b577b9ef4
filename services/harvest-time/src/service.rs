//! The service as tonic routes, and what its calls share.
use std::sync::Arc;

use granary_credential::layer::TicketLayer;
use granary_credential::ticket::Ring;
use granary_proto::granary::harvest::v1::harvest_time_server::HarvestTimeServer;
use granary_proto::{Method, PolicyTable, policy};
use granary_server::{Admission, AdmissionLayer};
use granary_upstream::Client;
use tonic::service::{LayerExt, Routes};

use crate::Config;
use crate::timer_mode::TimerModes;

/// Bytes of one request. The largest that the rules of the fields allow, with notes, is a third of it.
pub(crate) const MAX_REQUEST: usize = 64 << 10;

/// Why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have faults.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    /// A client cannot be built.
    #[error("the client of {0} cannot be built")]
    Client(&'static str, #[source] granary_upstream::BuildError),
    /// The contract cannot be read.
    #[error(transparent)]
    Policy(#[from] policy::Error),
}

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
pub fn routes(config: &Config, ring: Ring) -> Result<Routes, Error> {
    let faults = config.faults();
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
    let layer = TicketLayer::new(ring, service.0.table);
    // Behind the ticket, since only that says whose call it is.
    let admission = AdmissionLayer::new(Admission::new("harvest-time", &config.admission));
    let server = HarvestTimeServer::new(service).max_decoding_message_size(MAX_REQUEST);
    Ok(Routes::new(layer.named_layer(admission.named_layer(server))))
}

impl Service {
    pub(crate) fn method(&self, path: &str) -> Option<&'static Method> {
        self.0.table.path(path)
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
