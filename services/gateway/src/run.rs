//! Runs the gateway: one single-threaded runtime for each core, each with a socket of its own on the same port.
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use granary_proto::granary::gateway::v1::tool_service_server::ToolServiceServer;
use granary_server::health::Health;
use granary_server::tls::ServerTls;
use granary_server::{CancellationToken, Listening, reflection, serve};
use tokio::sync::watch;
use tonic::service::{Routes, RoutesBuilder};

use crate::backend::BACKENDS;
use crate::call::Gateway;
use crate::config::Config;
use crate::core::{Core, Shared, is_served};
use crate::health;
use crate::invalidation::Watcher;
use crate::sweep;
use crate::tools::Tools;
use crate::under_way;

/// Every service that is reachable through the gateway.
fn public() -> Vec<&'static str> {
    BACKENDS.iter().map(|place| place.service).chain([health::OWN]).collect()
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A method has no usable policy.
    #[error(transparent)]
    Policy(#[from] granary_proto::policy::Error),
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] granary_server::tls::Error),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system refused a thread or a runtime.
    #[error("cannot start a serving thread: {0}")]
    Thread(std::io::Error),
}

/// A running gateway.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    ready: watch::Receiver<bool>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the gateway on the current runtime and on threads of its own.
///
/// # Errors
/// Where a setting cannot be used; nothing is left running then.
pub async fn run(config: Config, end: CancellationToken) -> Result<Running, Error> {
    let table = granary_proto::policy_table()?;
    let threads = match config.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    let tls = config.listen.tls.clone().map(ServerTls::new).transpose()?;
    let bind = |source| Error::Bind { address: config.listen.address, source };
    let listeners = config.listen.bind_each(threads).map_err(bind)?;
    let address = listeners[0].local_addr().map_err(bind)?;

    let (key, peer) = (config.broker.peer_key().map_err(Error::Setting)?, config.broker.clone());
    let limits = Arc::new(config.limits.clone());
    let shared = Shared::new(config, table);
    let watcher = Watcher::new(shared.generations.clone());
    let public = public();
    let (health, health_server) = Health::new(&public).await;
    let mut open = RoutesBuilder::default();
    open.add_service(health_server);
    reflection::add(&mut open, &public, is_served).map_err(|e| Error::Setting(e.to_string()))?;
    let open = open.routes();

    let stop = CancellationToken::new();
    let background = Core::new(shared.clone()).map_err(Error::Setting)?;
    let (ready_sender, ready) = watch::channel(false);
    tokio::spawn(watcher.clone().run(peer, key, stop.clone()));
    tokio::spawn(sweep::run(shared.clone(), stop.clone()));
    tokio::spawn(health::follow(background, watcher, health.clone(), ready_sender, end.clone()));
    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().follow(stop.clone()));
    }
    let (told, closing, lame_duck) = (end, stop.clone(), limits.lame_duck());
    tokio::spawn(async move {
        told.cancelled().await;
        health.set_all(&public, false).await;
        // So that balancers look away first.
        tokio::time::sleep(lame_duck).await;
        closing.cancel();
        health.end();
    });

    let mut running = Running { address, ready, threads: Vec::new() };
    for (number, listener) in listeners.into_iter().enumerate() {
        let (shared, open) = (shared.clone(), open.clone());
        let listening =
            Listening { tls: tls.clone(), limits: limits.clone(), is_public: true, end: stop.clone() };
        let thread = std::thread::Builder::new()
            .name(format!("gateway-{number}"))
            .spawn(move || thread(shared, open, listener, listening))
            .map_err(Error::Thread)?;
        running.threads.push(thread);
    }
    Ok(running)
}

/// One core: a runtime of its own, so that no call crosses threads.
fn thread(shared: Arc<Shared>, open: Routes, listener: std::net::TcpListener, listening: Listening) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "cannot start a serving thread"),
    };
    let served = runtime.block_on(async move {
        let core = Core::new(shared).map_err(std::io::Error::other)?;
        tokio::spawn(under_way::review(core.clone()));
        // What a prefix announces is made room for before it arrives.
        let tools = ToolServiceServer::new(Tools::new(core.clone()))
            .max_decoding_message_size(listening.limits.max_message_bytes)
            .max_encoding_message_size(usize::MAX);
        let gateway = Gateway::new(core, open, Routes::new(tools));
        serve(listener, listening, gateway).await
    });
    if let Err(error) = served {
        tracing::error!(%error, "a serving thread ended");
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until callers can be admitted and every service serves.
    pub async fn ready(&self) {
        let mut ready = self.ready.clone();
        // The sender lives as long as the gateway; if it is gone, so is the gateway.
        let _ = ready.wait_for(|ready| *ready).await;
    }

    /// Waits until it has ended and the last call is answered.
    pub async fn join(self) {
        let joined = tokio::task::spawn_blocking(move || {
            for thread in self.threads {
                if thread.join().is_err() {
                    tracing::error!("a serving thread panicked");
                }
            }
        });
        if joined.await.is_err() {
            tracing::error!("cannot wait for the serving threads");
        }
    }
}
