//! The services as processes of their own, and the simulator of third parties.
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use granary_server::CancellationToken;

use crate::exit::Failure;
use crate::output::{self, Format};
use crate::settings::{From, Settings};

/// Flags of a service.
#[derive(Clone, Debug, clap::Args)]
pub struct ServiceArgs {
    #[command(flatten)]
    from: From,
}

/// Flags of credential-vault.
#[derive(Clone, Debug, clap::Args)]
pub struct VaultArgs {
    #[command(flatten)]
    from: From,
    #[command(subcommand)]
    command: Option<VaultCommand>,
}

/// For which tenant, and where the store is. Settings may stand before the subcommand and after it; those after it win.
#[derive(Clone, Debug, clap::Args)]
struct Tenant {
    /// The tenant's name
    #[arg(long, default_value = "default")]
    tenant: String,
    #[command(flatten)]
    from: From,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum VaultCommand {
    /// Create the first tenant and print its operator key, once
    Init(Tenant),
    /// Make another operator key and print it, for whoever has lost the first one; needs what opens the store
    OperatorKey(Tenant),
}

/// Flags of the simulator.
#[derive(Clone, Debug, clap::Args)]
pub struct SandboxArgs {
    /// The address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port of Harvest v2; HarvestAPI, Apify and control take the next three. 0: any free ones
    #[arg(long, default_value_t = 7105)]
    port: u16,
    /// Keep what callers change in this directory
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Speak TLS with this certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Runs the gateway.
pub async fn gateway(args: ServiceArgs, format: Format) -> Result<(), Failure> {
    let Some(settings) = checked(&args.from, format, |s| s.gateway.validate())? else { return Ok(()) };
    let address = settings.gateway.listen.address;
    crate::taken::refuse(address, "set gateway.listen.address to another one, or end what listens there")?;
    let end = ended_by_signals();
    settings.start_telemetry(&end);
    let start = granary_gateway::run(settings.gateway, end.clone());
    let Some(running) = end.run_until_cancelled(start).await else { return Ok(()) };
    let running = running.map_err(Failure::configuration)?;
    tracing::info!(address = %running.address(), "gateway listens");
    running.join().await;
    Ok(())
}

/// Runs credential-vault, or prepares its store.
pub async fn credential_vault(args: VaultArgs, format: Format) -> Result<(), Failure> {
    match args.command {
        None => {}
        Some(VaultCommand::Init(Tenant { tenant, from })) => {
            return init(&args.from.and(from), format, &tenant).await;
        }
        Some(VaultCommand::OperatorKey(Tenant { tenant, from })) => {
            return operator_key(&args.from.and(from), format, &tenant).await;
        }
    }
    let Some(settings) = checked(&args.from, format, |s| s.credential_vault.validate_all())? else {
        return Ok(());
    };
    let end = ended_by_signals();
    settings.start_telemetry(&end);
    // It waits for a Vault that is away; a signal ends it all the same.
    let start = granary_credential_vault::run(&settings.credential_vault, end.clone());
    let Some(running) = end.run_until_cancelled(start).await else { return Ok(()) };
    let running = running.map_err(unusable)?;
    tracing::info!(public = %running.public(), broker = %running.broker(), "credential-vault listens");
    reopens_on_hangup(running.application().clone());
    running.join().await;
    Ok(())
}

/// Opens the store, for one command.
async fn open_vault(
    from: &From,
    format: Format,
) -> Result<Option<granary_credential_vault::Application>, Failure> {
    let Some(settings) = checked(from, format, |s| s.credential_vault.validate())? else { return Ok(None) };
    // No log: what goes wrong is told once, by the failure, and the key alone is printed.
    let parts =
        granary_credential_vault::parts_of_command(&settings.credential_vault).await.map_err(refused)?;
    granary_credential_vault::Application::new(parts).await.map(Some).map_err(refused)
}

/// Makes one more operator key, whose text is printed now and never again.
async fn operator_key(from: &From, format: Format, tenant: &str) -> Result<(), Failure> {
    let Some(vault) = open_vault(from, format).await? else { return Ok(()) };
    let key = vault.operator_key(tenant).await;
    vault.close().await;
    output::line(&key.map_err(refused)?)
}

/// Makes the first tenant and its operator key, whose text is printed now and never again.
async fn init(from: &From, format: Format, tenant: &str) -> Result<(), Failure> {
    let Some(vault) = open_vault(from, format).await? else { return Ok(()) };
    let key = vault.init(tenant).await.map_err(refused)?;
    vault.close().await;
    match key {
        Some(key) => output::line(&key),
        None => Err(Failure::usage(
            "the store is set up already; its operator key was shown then, and only then; where it is lost, \
             `granary credential-vault operator-key` makes another",
        )),
    }
}

/// Runs harvest-time.
pub async fn harvest_time(args: ServiceArgs, format: Format) -> Result<(), Failure> {
    let Some(settings) = checked(&args.from, format, |s| s.harvest_time.validate_all())? else {
        return Ok(());
    };
    let end = ended_by_signals();
    settings.start_telemetry(&end);
    let open =
        granary_harvest_time::run(&settings.harvest_time, end).await.map_err(Failure::configuration)?;
    tracing::info!(address = %open.address(), "harvest-time listens");
    open.join().await;
    Ok(())
}

/// Runs linkedin-data.
pub async fn linkedin_data(args: ServiceArgs, format: Format) -> Result<(), Failure> {
    let Some(settings) = checked(&args.from, format, |s| s.linkedin_data.validate_all())? else {
        return Ok(());
    };
    let end = ended_by_signals();
    settings.start_telemetry(&end);
    let open =
        granary_linkedin_data::run(&settings.linkedin_data, end).await.map_err(Failure::configuration)?;
    tracing::info!(address = %open.address(), "linkedin-data listens");
    open.join().await;
    Ok(())
}

/// Runs the simulator of third parties alone.
pub async fn sandbox(args: SandboxArgs) -> Result<(), Failure> {
    granary_server::logging::Logging::default().start();
    let next = |n: u16| if args.port == 0 { 0 } else { args.port.saturating_add(n) };
    let ports =
        granary_simulator::Ports { harvest: next(0), harvestapi: next(1), apify: next(2), control: next(3) };
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            Some(granary_simulator::Tls { cert_pem: read(cert)?, key_pem: read(key)? })
        }
        _ => None,
    };
    let config = granary_simulator::Config { state_dir: args.state_dir, host: args.host, ports, tls };
    let sandbox = granary_simulator::start(config).await.map_err(Failure::configuration)?;
    output::line(&crate::up::sandbox_urls(&sandbox).to_string())?;
    ended_by_signals().cancelled().await;
    sandbox.shutdown().await;
    Ok(())
}

/// Reads settings and checks the part that matters. `None`: that was all that was asked for.
pub fn checked(
    from: &From,
    format: Format,
    faults: impl FnOnce(&Settings) -> Vec<String>,
) -> Result<Option<Settings>, Failure> {
    let settings = Settings::checked(from, faults)?;
    if from.check_config {
        return fine(format).map(|()| None);
    }
    Ok(Some(settings))
}

/// Says that the configuration has no fault; the failure of one that has lists them in the same place.
pub fn fine(format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::line(&serde_json::json!({"violations": []}).to_string()),
        Format::Text => output::line("the configuration is fine"),
    }
}

/// Why credential-vault does not start.
pub fn unusable(failure: granary_credential_vault::Failure) -> Failure {
    match failure {
        granary_credential_vault::Failure::Vault(error) => refused(error),
        api @ granary_credential_vault::Failure::Listen(_) => Failure::configuration(api),
    }
}

/// Why a store cannot be used, and by whom it is used where that is why.
pub fn refused(error: granary_credential_vault::Error) -> Failure {
    use granary_credential_vault::Error;
    use granary_store::embedded::OpenError;
    match error {
        Error::Refused(error) => error.into(),
        Error::Open { path, source: OpenError::InUse } => {
            let who = crate::up::holder(&path).unwrap_or_else(|| "another process".to_owned());
            Failure::configuration(format!("{who} has the store {} open; end it first", path.display()))
        }
        other => Failure::configuration(other),
    }
}

/// A token that SIGTERM and SIGINT end.
pub fn ended_by_signals() -> CancellationToken {
    let end = CancellationToken::new();
    let told = end.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return tracing::error!("cannot listen for signals; end the process by SIGKILL");
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        told.cancel();
    });
    end
}

/// Opens the audit file again at each SIGHUP, which would otherwise end the process: so logrotate is told that it may go on.
fn reopens_on_hangup(vault: granary_credential_vault::Application) {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => {
            tokio::spawn(async move {
                while hangup.recv().await.is_some() {
                    vault.reopen_audit();
                }
            });
        }
        Err(error) => tracing::error!(%error, "cannot listen for SIGHUP; the audit file stays open"),
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::configuration(format!("cannot read {}: {e}", path.display())))
}
