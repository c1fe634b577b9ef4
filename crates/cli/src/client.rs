//! Connections to a running Granary: where it is, with which key, and until when to wait.
mod address;
mod api;
mod pages;
mod spoken;

use std::path::PathBuf;
use std::time::Duration;

pub use api::ApiClient;
use api::Transport;
pub use pages::all_pages;

use crate::exit::Failure;

/// How long a call may take where nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to the gateway. The API key is read from the environment only.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct GatewayConnection {
    #[command(flatten)]
    gateway: GatewayAddress,
    #[command(flatten)]
    way: Way,
}

/// A connection to credential-vault's own address.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct VaultConnection {
    #[command(flatten)]
    vault: VaultAddress,
    #[command(flatten)]
    way: Way,
}

/// Connections to both.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct Connections {
    #[command(flatten)]
    gateway: GatewayAddress,
    #[command(flatten)]
    vault: VaultAddress,
    #[command(flatten)]
    way: Way,
}

#[derive(Clone, Debug, clap::Args)]
struct GatewayAddress {
    /// The gateway: HOST:PORT, or https://HOST:PORT
    #[arg(long, env = "GRANARY_ADDR", default_value = "127.0.0.1:7100", value_name = "ADDRESS")]
    addr: String,
}

#[derive(Clone, Debug, clap::Args)]
struct VaultAddress {
    /// Credential-vault's own address: HOST:PORT, or https://HOST:PORT
    #[arg(long, env = "GRANARY_VAULT_ADDR", default_value = "127.0.0.1:7101", value_name = "ADDRESS")]
    vault_addr: String,
}

/// How to get there, and how long to wait.
#[derive(Clone, Debug, clap::Args)]
struct Way {
    /// The CA that the certificates of https addresses must come from, PEM [default: the system's]
    #[arg(long, env = "GRANARY_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Send the API key to another machine in plain text, where something else encrypts it
    #[arg(long, env = "GRANARY_INSECURE_TRANSPORT")]
    insecure_transport: bool,
    /// How long each call may take [default: 30s, and 10m for tools that wait for a run]
    #[arg(long, value_parser = crate::duration::parse, value_name = "DURATION")]
    timeout: Option<Duration>,
}

impl Way {
    fn transport(&self) -> Transport<'_> {
        Transport { ca_file: self.ca_file.as_deref(), is_insecure: self.insecure_transport }
    }
}

impl GatewayConnection {
    /// The gateway.
    pub fn open(&self) -> Result<ApiClient, Failure> {
        self.open_within(TIMEOUT)
    }

    /// The gateway, for calls that may take so long where no time-out was given.
    pub fn open_within(&self, usual: Duration) -> Result<ApiClient, Failure> {
        self.gateway.open(&self.way, usual)
    }
}

impl VaultConnection {
    /// Credential-vault's own address.
    pub fn open(&self) -> Result<ApiClient, Failure> {
        self.vault.open(&self.way)
    }
}

impl Connections {
    /// The gateway.
    pub fn gateway(&self) -> Result<ApiClient, Failure> {
        self.gateway.open(&self.way, TIMEOUT)
    }

    /// Credential-vault's own address.
    pub fn vault(&self) -> Result<ApiClient, Failure> {
        self.vault.open(&self.way)
    }
}

impl GatewayAddress {
    fn open(&self, way: &Way, usual: Duration) -> Result<ApiClient, Failure> {
        let hint = "`granary up` starts everything on this machine; GRANARY_ADDR says where the gateway is";
        let timeout = way.timeout.unwrap_or(usual);
        ApiClient::open(("--addr", "GRANARY_ADDR"), &self.addr, &way.transport(), timeout, hint)
    }
}

impl VaultAddress {
    fn open(&self, way: &Way) -> Result<ApiClient, Failure> {
        let hint = "`granary up` starts everything on this machine; GRANARY_VAULT_ADDR says where \
                    credential-vault's own address is";
        let (name, timeout) = (("--vault-addr", "GRANARY_VAULT_ADDR"), way.timeout.unwrap_or(TIMEOUT));
        ApiClient::open(name, &self.vault_addr, &way.transport(), timeout, hint)
    }
}
