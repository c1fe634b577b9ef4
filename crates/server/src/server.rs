//! A server: one listener with its stack, its health and its end. Every service but the gateway is one or two of these.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, RoutesBuilder};

use crate::health::Health;
use crate::http2::{Listening, serve};
use crate::limits::Limits;
use crate::listen::Listen;
use crate::peer_key::{PeerGuard, PeerKey};
use crate::stack::Stack;
use crate::tls::ServerTls;
use crate::{reflection, tls};

/// A listener of a service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where it listens.
    pub listen: Listen,
    /// The file with the key that callers must send; not for public servers. With `listen.tls.client_ca_file`, mutual TLS
    /// takes its place.
    pub peer_key_file: Option<PathBuf>,
    /// Its limits.
    pub limits: Limits,
}

/// Who may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Anyone; the service admits callers by itself.
    Public,
    /// Other services of the suite.
    Services,
}

/// Why a server cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The peer key cannot be read.
    #[error("{0}")]
    PeerKey(String),
    /// Reflection cannot be served.
    #[error("cannot serve reflection: {0}")]
    Reflection(String),
}

/// An open server.
#[derive(Debug)]
pub struct Open {
    address: SocketAddr,
    health: Health,
    task: JoinHandle<()>,
}

impl Server {
    /// A server on loopback, guarded by a key.
    pub fn loopback(port: u16, peer_key_file: Option<PathBuf>) -> Self {
        Self { listen: Listen::loopback(port), peer_key_file, limits: Limits::default() }
    }

    /// The same server for requests of at most so many bytes, so that no more of one is gathered before it is refused.
    #[must_use]
    pub fn with_messages_up_to(&self, bytes: usize) -> Self {
        let mut server = self.clone();
        server.limits.max_message_bytes = server.limits.max_message_bytes.min(bytes);
        server
    }

    /// What is wrong with it; `name` is its key in the configuration.
    pub fn validate(&self, name: &str, callers: Callers) -> Vec<String> {
        let mut faults = self.listen.validate(&format!("{name}.listen"));
        faults.extend(self.limits.validate(&format!("{name}.limits")));
        let mutual = self.listen.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_some());
        match (&self.peer_key_file, callers) {
            (Some(_), Callers::Public) => {
                faults.push(format!("{name}.peer_key_file: a public server has none"));
            }
            (Some(file), Callers::Services) => faults
                .extend(PeerKey::from_file(file).err().map(|fault| format!("{name}.peer_key_file: {fault}"))),
            (None, Callers::Services) if !mutual => faults.push(format!(
                "{name}: calls between services must be authenticated; set {name}.peer_key_file, or \
                 {name}.listen.tls.client_ca_file for mutual TLS"
            )),
            (None, _) => {}
        }
        faults
    }

    fn guard(&self, callers: Callers, services: &[&'static str]) -> Result<PeerGuard, Error> {
        let mutual = self.listen.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_some());
        match (callers, &self.peer_key_file) {
            (Callers::Public, _) => Ok(PeerGuard::Public),
            (Callers::Services, Some(file)) => {
                let service = services.first().copied().unwrap_or("this listener");
                PeerKey::from_file(file).map(|key| PeerGuard::Key(key, service)).map_err(Error::PeerKey)
            }
            (Callers::Services, None) if mutual => Ok(PeerGuard::MutualTls),
            (Callers::Services, None) => Err(Error::PeerKey(
                "calls between services must be authenticated: neither a key nor mutual TLS is set".into(),
            )),
        }
    }

    /// Opens it: `services` are named in health and, at a public server, in reflection. Both need no API key.
    ///
    /// # Errors
    /// Where the address, the certificates or the key cannot be used.
    pub async fn open(
        &self,
        callers: Callers,
        routes: Routes,
        services: &'static [&'static str],
        end: CancellationToken,
    ) -> Result<Open, Error> {
        let guard = self.guard(callers, services)?;
        let tls = self.listen.tls.clone().map(ServerTls::new).transpose()?;
        let bind = |source| Error::Bind { address: self.listen.address, source };
        let listener = self.listen.bind().map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;

        let (health, server) = Health::new(services).await;
        let mut routes = RoutesBuilder::from(routes);
        routes.add_service(server);
        if callers == Callers::Public {
            // Every method of a service that is routed here is answered here.
            reflection::add(&mut routes, services, |_| true).map_err(|e| Error::Reflection(e.to_string()))?;
        }
        let stack = Stack::new(routes.routes(), guard, &self.limits);
        health.set_all(services, true).await;

        let (told, stop) = (health.clone(), CancellationToken::new());
        if let Some(tls) = &tls {
            tokio::spawn(tls.clone().follow(stop.clone()));
        }
        let listening = Listening {
            tls,
            limits: Arc::new(self.limits.clone()),
            is_public: callers == Callers::Public,
            end: stop.clone(),
        };
        let lame_duck = self.limits.lame_duck();
        let serving = tokio::spawn(serve(listener, listening, stack));
        let task = tokio::spawn(async move {
            end.cancelled().await;
            health.set_all(services, false).await;
            tokio::time::sleep(lame_duck).await;
            stop.cancel();
            health.end();
            if let Ok(Err(error)) = serving.await {
                tracing::error!(%error, %address, "a listener ended");
            }
        });
        Ok(Open { address, health: told, task })
    }
}

impl Open {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says of its services, for what only they know.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Waits until it has closed and the last call is answered.
    pub async fn join(self) {
        if self.task.await.is_err() {
            tracing::error!(address = %self.address, "a listener panicked");
        }
    }
}
