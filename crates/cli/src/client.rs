//! Connections to a running Granary: where it is, with which key, and until when to wait.
mod address;
mod door;
mod pages;
mod spoken;

use std::path::PathBuf;
use std::time::Duration;

pub use door::Door;
pub use pages::all_pages;

use crate::exit::Failure;

/// Where to call, and how long to wait. The API key is read from the environment only.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// The gateway: HOST:PORT, or https://HOST:PORT
    #[arg(long, env = "GRANARY_ADDR", default_value = "127.0.0.1:7100", value_name = "ADDRESS")]
    addr: String,
    /// Credential-vault's own door: HOST:PORT, or https://HOST:PORT
    #[arg(long, env = "GRANARY_VAULT_ADDR", default_value = "127.0.0.1:7101", value_name = "ADDRESS")]
    vault_addr: String,
    /// The CA that the certificates of https addresses must come from, PEM [default: the system's]
    #[arg(long, env = "GRANARY_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// How long each call may take [default: 30s, and 10m for tools that wait for a run]
    #[arg(long, value_parser = crate::duration::parse, value_name = "DURATION")]
    timeout: Option<Duration>,
}

/// How long a call may take where nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);

impl Connection {
    /// The gateway.
    pub fn gateway(&self) -> Result<Door, Failure> {
        self.gateway_within(TIMEOUT)
    }

    /// The gateway, for calls that may take so long where no time-out was given.
    pub fn gateway_within(&self, usual: Duration) -> Result<Door, Failure> {
        let hint = "`granary up` starts everything on this machine; GRANARY_ADDR says where the gateway is";
        let timeout = self.timeout.unwrap_or(usual);
        Door::open(("--addr", "GRANARY_ADDR"), &self.addr, self.ca_file.as_deref(), timeout, hint)
    }

    /// Credential-vault's own door.
    pub fn vault(&self) -> Result<Door, Failure> {
        let hint = "`granary up` starts everything on this machine; GRANARY_VAULT_ADDR says where \
                    credential-vault's own door is";
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        Door::open(
            ("--vault-addr", "GRANARY_VAULT_ADDR"),
            &self.vault_addr,
            self.ca_file.as_deref(),
            timeout,
            hint,
        )
    }
}
