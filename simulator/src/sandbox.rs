//! Puts a sandbox together: three vendors over one kernel, each on a port of its own, and the control port.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::apify::{self, Apify};
use crate::config::Config;
use crate::error::Error;
use crate::harvest::{self, Harvest};
use crate::harvestapi::population::Population;
use crate::harvestapi::{self, HarvestApi};
use crate::kernel::control;
use crate::kernel::listener::{Listener, acceptor};
use crate::kernel::pipeline::Pipeline;
use crate::kernel::shared::Shared;
use crate::kernel::store::Store;
use crate::kernel::vendor::Vendor;

/// A running sandbox. Dropping it stops it too, without waiting for calls in flight.
pub struct Sandbox {
    harvest: String,
    harvestapi: String,
    apify: String,
    control: String,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    vendors: Vendors,
}

/// The three vendors, and what their ports share.
struct Vendors {
    harvest: Arc<Harvest>,
    harvestapi: Arc<HarvestApi>,
    apify: Arc<Apify>,
    shared: Arc<Shared>,
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
const FLUSH_INTERVAL: Duration = Duration::from_millis(250);
/// More than the listeners give their connections.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

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
    let vendors = Vendors::open(&config)?;
    let mut sandbox = Sandbox {
        harvest: harvest.url(),
        harvestapi: harvestapi.url(),
        apify: apify.url(),
        control: control.url(),
        stop: CancellationToken::new(),
        tasks: Vec::new(),
        vendors,
    };
    sandbox.open(harvest, sandbox.vendors.harvest.clone());
    sandbox.open(harvestapi, sandbox.vendors.harvestapi.clone());
    sandbox.open(apify, sandbox.vendors.apify.clone());
    let (shared, stop) = (sandbox.vendors.shared.clone(), sandbox.stop.clone());
    sandbox.tasks.push(tokio::spawn(control::serve(control, shared.clone(), stop.clone())));
    if config.state_dir.is_some() {
        sandbox.tasks.push(tokio::spawn(flush_often(shared, stop)));
    }
    Ok(sandbox)
}

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
        let (access_token, account_id) = self.vendors.harvest.first_pair().unwrap_or_default();
        let harvestapi_key = self.vendors.harvestapi.first_key().unwrap_or_default();
        Sample { access_token, account_id, harvestapi_key }
    }

    /// Stops listening, lets calls in flight end for a moment, and writes state out.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        for mut task in std::mem::take(&mut self.tasks) {
            if timeout(STOP_TIMEOUT, &mut task).await.is_err() {
                task.abort();
            }
        }
        flush(self.vendors.shared.clone()).await;
    }

    fn open(&mut self, listener: Listener, vendor: Arc<dyn Vendor>) {
        let pipeline = Arc::new(Pipeline::new(self.vendors.shared.clone(), vendor, listener.url()));
        let serve = move |request, connection: CancellationToken| {
            let pipeline = pipeline.clone();
            async move { pipeline.serve(request, &connection).await }
        };
        self.tasks.push(tokio::spawn(listener.serve(serve, self.stop.clone())));
    }
}

impl Vendors {
    /// Makes the vendors over one store. Lists of the control port name them in this order.
    fn open(config: &Config) -> Result<Self, Error> {
        let tables = [&harvest::TABLES[..], &harvestapi::TABLES, &apify::TABLES].concat();
        let store = Arc::new(Store::open(config.state_dir.as_deref(), tables)?);
        let population = Arc::new(Population::start());
        let harvest = Arc::new(Harvest::open(&store));
        let harvestapi = Arc::new(HarvestApi::open(&store, population.clone()));
        let apify = Arc::new(Apify::open(&store, population));
        let all: Vec<Arc<dyn Vendor>> = vec![harvest.clone(), harvestapi.clone(), apify.clone()];
        Ok(Self { harvest, harvestapi, apify, shared: Arc::new(Shared::new(store, all)) })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn flush_often(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = interval(FLUSH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => flush(shared.clone()).await,
            () = stop.cancelled() => return flush(shared).await,
        }
    }
}

/// Waiting for the disk must not hold up a runtime thread.
async fn flush(shared: Arc<Shared>) {
    let _ = tokio::task::spawn_blocking(move || shared.store.flush()).await;
}
