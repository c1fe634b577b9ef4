use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::call::Api;
use crate::config::Config;
use crate::control;
use crate::door::Door;
use crate::error::Error;
use crate::listener::{Listener, acceptor};
use crate::world::World;

/// A running sandbox. Dropping it stops it too, without waiting for calls in flight.
pub struct Sandbox {
    harvest: String,
    harvestapi: String,
    apify: String,
    control: String,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    world: Arc<World>,
}

/// A Harvest token with its account id, and a HarvestAPI key. All of them are invented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// A Harvest token of an administrator.
    pub access_token: String,
    /// The Harvest account it belongs to.
    pub account_id: u64,
    /// A HarvestAPI key.
    pub harvestapi_key: String,
}

/// At most this much is lost when the process dies.
const FLUSH_EVERY: Duration = Duration::from_millis(250);
/// More than the listeners give their connections.
const STOP_DEADLINE: Duration = Duration::from_secs(4);

/// Binds all four ports and serves them, on the current Tokio runtime, until the sandbox is shut down.
///
/// # Errors
///
/// When a port cannot be bound, the certificate cannot be used, or the state cannot be read.
pub async fn start(config: Config) -> Result<Sandbox, Error> {
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    let ports = config.ports;
    let harvest = Listener::bind(config.host, ports.harvest, tls.clone()).await?;
    let harvestapi = Listener::bind(config.host, ports.harvestapi, tls.clone()).await?;
    let apify = Listener::bind(config.host, ports.apify, tls).await?;
    let control = Listener::bind(config.host, ports.control, None).await?;
    let world = Arc::new(World::open(&config)?);
    let mut sandbox = Sandbox {
        harvest: harvest.url(),
        harvestapi: harvestapi.url(),
        apify: apify.url(),
        control: control.url(),
        stop: CancellationToken::new(),
        tasks: Vec::new(),
        world: world.clone(),
    };
    sandbox.open(harvest, Api::Harvest);
    sandbox.open(harvestapi, Api::LinkedIn);
    sandbox.open(apify, Api::Apify);
    let stop = sandbox.stop.clone();
    sandbox.tasks.push(tokio::spawn(control::serve(control, world.clone(), stop.clone())));
    if config.state_dir.is_some() {
        sandbox.tasks.push(tokio::spawn(flush_often(world, stop)));
    }
    Ok(sandbox)
}

// === impl Sandbox ===

impl Sandbox {
    /// Base URL of Harvest v2, without `/v2`.
    #[must_use]
    pub fn harvest_url(&self) -> &str {
        &self.harvest
    }

    /// Base URL of HarvestAPI.
    #[must_use]
    pub fn harvestapi_url(&self) -> &str {
        &self.harvestapi
    }

    /// Base URL of Apify, without `/v2`.
    #[must_use]
    pub fn apify_url(&self) -> &str {
        &self.apify
    }

    /// Base URL of the control port.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// Credentials that it knows from the start, for a first call.
    #[must_use]
    pub fn sample(&self) -> Sample {
        self.world.credentials.sample()
    }

    /// Stops listening, lets calls in flight end for a moment, and writes state out.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        for mut task in std::mem::take(&mut self.tasks) {
            if timeout(STOP_DEADLINE, &mut task).await.is_err() {
                task.abort();
            }
        }
        flush(self.world.clone()).await;
    }

    fn open(&mut self, listener: Listener, api: Api) {
        let door = Arc::new(Door::new(self.world.clone(), api, listener.url()));
        let serve = move |request, connection: CancellationToken| {
            let door = door.clone();
            async move { door.serve(request, &connection).await }
        };
        self.tasks.push(tokio::spawn(listener.serve(serve, self.stop.clone())));
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn flush_often(world: Arc<World>, stop: CancellationToken) {
    let mut ticks = interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => flush(world.clone()).await,
            () = stop.cancelled() => return flush(world).await,
        }
    }
}

/// Waiting for the disk must not hold up a runtime thread.
async fn flush(world: Arc<World>) {
    let _ = tokio::task::spawn_blocking(move || world.store.flush()).await;
}
