//! The service as routes and as a process.
use std::convert::Infallible;

use granary_credential::layer::TicketLayer;
use granary_credential::ticket::Keyring;
use granary_proto::{PolicyTable, policy};
use granary_server::{Admission, AdmissionLayer, Callers, CancellationToken, Open, admission, server};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::service::{LayerExt, Routes};

use crate::Settings;

/// Why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have faults.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    /// The client of a third party cannot be built.
    #[error("the client of {0} cannot be built")]
    Client(&'static str, #[source] granary_upstream::BuildError),
    /// The contract cannot be read.
    #[error(transparent)]
    Policy(#[from] policy::Error),
}

/// Why the process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The routes cannot be built.
    #[error(transparent)]
    Routes(#[from] Error),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] server::Error),
}

/// What stands in front of every service of a process: the layer that opens tickets, and admission behind it, since only the
/// ticket says whose call it is.
#[derive(Debug)]
pub struct Ticketed {
    tickets: TicketLayer,
    admission: AdmissionLayer,
}

impl Ticketed {
    /// `process` is its name in metrics and refusals.
    pub fn new(
        table: &'static PolicyTable,
        ring: Keyring,
        process: &'static str,
        admission: &admission::Settings,
    ) -> Self {
        Self {
            tickets: TicketLayer::new(ring, table),
            admission: AdmissionLayer::new(Admission::new(process, admission)),
        }
    }

    /// Adds a service behind it.
    #[must_use]
    pub fn add<S>(&self, routes: Routes, server: S) -> Routes
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        routes.add_service(self.tickets.named_layer(self.admission.named_layer(server)))
    }
}

/// Serves the routes, which are made with the keys of the settings, on the current runtime until `end`.
///
/// # Errors
/// Where a setting, the keys or the address cannot be used.
pub async fn start(
    settings: Settings<'_>,
    services: &'static [&'static str],
    max_request: usize,
    routes: impl FnOnce(Keyring) -> Result<Routes, Error>,
    end: CancellationToken,
) -> Result<Open, Failure> {
    let routes = routes(settings.ring().map_err(Failure::Setting)?)?;
    let server = settings.server.with_messages_up_to(max_request);
    Ok(server.open(Callers::Services, routes, services, end).await?)
}
