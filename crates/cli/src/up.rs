//! Everything in one process: four services that speak real gRPC to one another on loopback, an encrypted store, and a
//! simulator of the third parties in place of those that are not configured.
mod lock;
mod ports;
mod state;
mod welcome;

use std::path::PathBuf;

use granary_credential_vault as vault;
use granary_server::config::Loaded;
use granary_server::{CancellationToken, Listen, Server};
use granary_simulator::Sandbox;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::Format;
use crate::serve::{ended_by_signals, fine, refused, unusable};
use crate::settings::{From, Settings};
use crate::store;
pub use lock::holder;
use ports::Ports;
use state::StateDir;

/// Flags of `granary up`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Keep accounts, credentials and keys in this directory [default: $XDG_STATE_HOME/granary]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The gateway's port. Each of the other services takes its place among the next eight, or any free port where that is
    /// taken; what came of it is printed. 0: any free ones
    #[arg(long, default_value_t = 7100)]
    port: u16,
    /// Make another API key that may do everything, and print it: for whoever has lost the first one
    #[arg(long)]
    new_key: bool,
    /// Start no simulator: call Harvest and HarvestAPI themselves
    #[arg(long)]
    real: bool,
    /// Where to keep accounts and credentials [default: as the settings say, else embedded]. vault: the server at VAULT_ADDR,
    /// with VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, once `granary hashicorp-vault bootstrap` has made it ready
    #[arg(long, value_enum)]
    store: Option<store::Kind>,
    #[command(flatten)]
    from: From,
}

/// The tenant of whoever started it.
const TENANT: &str = "default";

/// What runs, in the order in which it must end.
struct AllInOne {
    gateway: granary_gateway::Running,
    gateway_end: CancellationToken,
    harvest_time: granary_server::Open,
    linkedin_data: granary_server::Open,
    credential_vault: vault::Running,
    services_end: CancellationToken,
    sandbox: Option<Sandbox>,
    api_key: Option<String>,
    sealing_fingerprint: String,
    store: vault::store_selection::StoreKind,
}

/// Starts everything, says how to use it, and runs until a signal.
pub async fn run(args: Args, format: Format) -> Result<(), Failure> {
    let Loaded { mut settings, mut faults, is_unread } = Settings::read(&args.from);
    if is_unread {
        return Err(Failure::settings(faults));
    }
    let state = StateDir::at(args.state_dir.clone())?;
    let ports = Ports::from(args.port);
    state.apply(&mut settings, &ports);
    if let Some(kind) = args.store {
        settings.credential_vault.store = match kind {
            store::Kind::Embedded => vault::store_selection::StoreKind::Embedded,
            store::Kind::Vault => vault::store_selection::StoreKind::Vault,
        };
    }
    faults.extend(settings.process_faults());
    faults.extend(settings.gateway.validate());
    faults.extend(settings.credential_vault.validate_all());
    faults.extend(settings.harvest_time.validate_all());
    faults.extend(settings.linkedin_data.validate_all());
    // Keys that are not there yet are made by the start.
    let to_make = state.missing_keys();
    faults.retain(|fault| !to_make.iter().any(|path| fault.contains(path)));
    if !faults.is_empty() {
        return Err(Failure::settings(faults));
    }
    if args.from.check_config {
        return fine(format);
    }
    let address = settings.gateway.listen.address;
    crate::taken::refuse(address, "--port N takes another one, --port 0 any free one")?;
    state.make()?;
    let _lock = state.lock()?;
    state.make_keys()?;
    if format == Format::Json && args.from.set.iter().all(|s| !s.starts_with("logging.")) {
        settings.logging.form = granary_server::logging::Form::Json;
    }
    let end = ended_by_signals();
    settings.start_telemetry(&end);
    // A start may wait for a store that is away; a signal ends it all the same.
    let start = Box::pin(AllInOne::start(settings, &state, &ports, &args));
    let Some(all_in_one) = end.run_until_cancelled(start).await else { return Ok(()) };
    let all_in_one = all_in_one?;
    if end.run_until_cancelled(all_in_one.gateway.ready()).await.is_some() {
        welcome::print(&all_in_one, &state, format)?;
        end.cancelled().await;
    }
    all_in_one.end().await;
    Ok(())
}

impl AllInOne {
    async fn start(
        mut settings: Settings,
        state: &StateDir,
        ports: &Ports,
        args: &Args,
    ) -> Result<Self, Failure> {
        let sandbox = if args.real { None } else { Some(start_sandbox(state, ports).await?) };
        if let Some(sandbox) = &sandbox {
            let set = Settings::default();
            let default = |url: &str, default: &str| url.is_empty() || url == default;
            if default(&settings.harvest_time.harvest.base_url, &set.harvest_time.harvest.base_url) {
                sandbox.harvest_url().clone_into(&mut settings.harvest_time.harvest.base_url);
            }
            if default(&settings.linkedin_data.harvestapi.base_url, &set.linkedin_data.harvestapi.base_url) {
                sandbox.harvestapi_url().clone_into(&mut settings.linkedin_data.harvestapi.base_url);
            }
            if default(&settings.linkedin_data.apify.base_url, &set.linkedin_data.apify.base_url) {
                sandbox.apify_url().clone_into(&mut settings.linkedin_data.apify.base_url);
            }
        }
        let services_end = CancellationToken::new();
        let credential_vault =
            vault::run(&settings.credential_vault, services_end.clone()).await.map_err(unusable)?;
        let vault = credential_vault.application();
        let mut api_key = vault.init(TENANT).await.map_err(refused)?;
        if args.new_key && api_key.is_none() {
            api_key = Some(vault.operator_key(TENANT).await.map_err(refused)?);
        }
        let sealing_fingerprint = credential_vault.application().sealing_fingerprint().await;
        let harvest_time = granary_harvest_time::run(&settings.harvest_time, services_end.clone())
            .await
            .map_err(Failure::configuration)?;
        let linkedin_data = granary_linkedin_data::run(&settings.linkedin_data, services_end.clone())
            .await
            .map_err(Failure::configuration)?;

        let gateway_config = &mut settings.gateway;
        gateway_config.credential_vault.address = credential_vault.public().to_string();
        gateway_config.broker.address = credential_vault.broker().to_string();
        gateway_config.harvest_time.address = harvest_time.address().to_string();
        gateway_config.linkedin_data.address = linkedin_data.address().to_string();
        let gateway_end = CancellationToken::new();
        let gateway = granary_gateway::run(settings.gateway, gateway_end.clone())
            .await
            .map_err(Failure::configuration)?;
        Ok(Self {
            gateway,
            gateway_end,
            harvest_time,
            linkedin_data,
            credential_vault,
            services_end,
            sandbox,
            api_key,
            sealing_fingerprint,
            store: settings.credential_vault.store,
        })
    }

    /// The gateway ends first, so that calls in flight still find the services behind it.
    async fn end(self) {
        self.gateway_end.cancel();
        self.gateway.join().await;
        self.services_end.cancel();
        tokio::join!(self.harvest_time.join(), self.linkedin_data.join(), self.credential_vault.join());
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

async fn start_sandbox(state: &StateDir, ports: &Ports) -> Result<Sandbox, Failure> {
    let config = granary_simulator::Config {
        state_dir: Some(state.directory("sandbox")?),
        ports: granary_simulator::Ports {
            harvest: ports.sandbox_harvest,
            harvestapi: ports.sandbox_harvestapi,
            apify: ports.sandbox_apify,
            control: ports.sandbox_control,
        },
        ..granary_simulator::Config::default()
    };
    granary_simulator::start(config).await.map_err(Failure::configuration)
}

/// The simulator's addresses, as they stand in the line for scripts.
pub fn sandbox_urls(sandbox: &Sandbox) -> Value {
    json!({
        "harvest": sandbox.harvest_url(),
        "harvestapi": sandbox.harvestapi_url(),
        "apify": sandbox.apify_url(),
        "control": sandbox.control_url(),
    })
}

/// A server of a service behind the gateway.
fn inner_server(mut server: Server, port: u16, peer: Option<PathBuf>) -> Server {
    server.listen = Listen::loopback(port);
    server.peer_key_file = peer;
    server
}
