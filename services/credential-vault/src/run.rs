//! Credential-vault as a process: two servers over one store.
use std::net::SocketAddr;
use std::path::Path;

use granary_server::health::Health;
use granary_server::{Callers, CancellationToken, Open, server};
use granary_store::embedded::master;

use crate::application::REQUEST;
use crate::domain::documents::Sealable;
use crate::{Application, Config, Error, parts};

const PUBLIC: [&str; 2] = ["granary.vault.v1.CredentialVault", "granary.vault.v1.Admin"];
const BROKER: [&str; 1] = ["granary.internal.v1.CredentialBroker"];

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store, the keys or the audit log cannot be used.
    #[error(transparent)]
    Vault(#[from] Error),
    /// A server cannot be opened.
    #[error(transparent)]
    Listen(#[from] server::Error),
}

/// A running credential-vault.
#[derive(Debug)]
pub struct Running {
    application: Application,
    public: Open,
    broker: Open,
    end: CancellationToken,
}

/// Starts it on the current runtime.
///
/// # Errors
/// Where a setting, the store or an address cannot be used.
pub async fn run(config: &Config, end: CancellationToken) -> Result<Running, Failure> {
    let application = Application::new(parts(config).await?).await?;
    let [public, broker] = [&config.public, &config.broker].map(|server| server.with_messages_up_to(REQUEST));
    let public = public.open(Callers::Public, application.public_routes(), &PUBLIC, end.clone()).await?;
    let broker = broker.open(Callers::Services, application.broker_routes(), &BROKER, end.clone()).await?;
    tokio::spawn(follow(
        application.clone(),
        [public.health().clone(), broker.health().clone()],
        end.clone(),
    ));
    Ok(Running { application, public, broker, end })
}

/// Seals everything anew under the key in `new_key_file`, and returns how many values that were. No service may use the
/// store meanwhile.
///
/// # Errors
/// Where a key or the store cannot be used; nothing has changed then.
pub async fn rekey(config: &Config, new_key_file: &Path) -> Result<usize, Error> {
    let one_fault = |fault| Error::Config(vec![fault]);
    let old = master::read(config.master_key_file.as_deref()).map_err(one_fault)?;
    let new = master::read(Some(new_key_file)).map_err(one_fault)?;
    let open = |source| Error::Open { path: config.store_path.clone(), source };
    granary_store::embedded::rekey(&config.store_path, &old, &new, Sealable::reseal).map_err(open)
}

/// Says that nothing serves while the store cannot, or nothing can be written down: no service, nor the process, whose name is
/// the empty one. Balancers and probes that name no service ask for that. A restart would not help, so an orchestrator must not
/// take it for a reason to restart: its probe of life is the socket.
async fn follow(application: Application, servers: [Health; 2], end: CancellationToken) {
    let mut serves = application.serves();
    while end.run_until_cancelled(serves.changed()).await.is_some_and(|changed| changed.is_ok()) {
        let now = *serves.borrow_and_update();
        for (server, services) in servers.iter().zip([PUBLIC.as_slice(), BROKER.as_slice()]) {
            server.set_all(services, now && !end.is_cancelled()).await;
        }
    }
}

impl Running {
    /// Its own address.
    pub fn public(&self) -> SocketAddr {
        self.public.address()
    }

    /// The address of the broker's server.
    pub fn broker(&self) -> SocketAddr {
        self.broker.address()
    }

    /// What it serves.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// Waits for its end, answers the last calls, and closes the store.
    pub async fn join(self) {
        self.end.cancelled().await;
        // Streams to gateways never end by themselves.
        self.application.end_streams();
        self.public.join().await;
        self.broker.join().await;
        self.application.close().await;
    }
}
