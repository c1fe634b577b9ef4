//! The settings of every service, in one file if you like: each command reads the whole and checks its own part.
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use granary_rpc::DocsBase;
use granary_server::config::{self, Loaded, Sources};
use granary_server::logging::Logging;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// All settings. Every field has a default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The gateway.
    pub gateway: granary_gateway::Config,
    /// Credential-vault.
    pub credential_vault: granary_credential_vault::Config,
    /// Harvest-time.
    pub harvest_time: granary_harvest_time::Config,
    /// Linkedin-data.
    pub linkedin_data: granary_linkedin_data::Config,
    /// Logs of the process.
    pub logging: Logging,
    /// Where Prometheus finds `/metrics`; none by default.
    pub metrics_address: Option<SocketAddr>,
    /// Where the docs directory is published, so that errors can link to their pages; none by default.
    pub docs_base_url: Option<String>,
    /// Whether core dumps and debuggers may see the process's memory, in which secrets lie while calls run. Default false.
    pub core_dumps: bool,
}

/// Where settings come from, as flags.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct From {
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE", env = "GRANARY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Override one setting, such as `harvest_time.harvest.base_url=https://api.harvestapp.com`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Check the settings, report every fault, and exit
    #[arg(long)]
    pub check_config: bool,
}

impl From {
    /// Both together; what the second one says wins.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            config: later.config.or(self.config),
            set: self.set.into_iter().chain(later.set).collect(),
            check_config: self.check_config || later.check_config,
        }
    }
}

impl Settings {
    /// Reads the file, then `GRANARY_…__…` from the environment, then flags, as far as they can be read.
    pub fn read(from: &From) -> Loaded<Self> {
        let file: Option<&Path> = from.config.as_deref();
        let (env_prefix, env_names) = ("GRANARY_", &["metrics_address", "docs_base_url", "core_dumps"][..]);
        config::load(&Sources { file, env_prefix, env_names, overrides: &from.set })
    }

    /// Reads them and checks the part that matters: every fault at once, or none.
    pub fn checked(from: &From, faults_of: impl FnOnce(&Self) -> Vec<String>) -> Result<Self, Failure> {
        let Loaded { settings, mut faults, is_unread } = Self::read(from);
        if is_unread {
            return Err(Failure::settings(faults));
        }
        faults.extend(faults_of(&settings));
        faults.extend(settings.process_faults());
        if faults.is_empty() { Ok(settings) } else { Err(Failure::settings(faults)) }
    }

    /// What is wrong with the settings of the process itself.
    pub fn process_faults(&self) -> Vec<String> {
        let mut faults = self.logging.validate();
        let docs = self.docs_base_url.as_deref().and_then(|text| DocsBase::parse(text).err());
        faults.extend(docs.map(|fault| format!("docs_base_url: {fault}")));
        faults
    }

    /// Starts logs and metrics for the process, closes its memory, makes room for its open files, and says where the pages of its
    /// errors are.
    pub fn start_telemetry(&self, end: &granary_server::CancellationToken) {
        if let Some(docs) = self.docs_base_url.as_deref().and_then(|text| DocsBase::parse(text).ok()) {
            granary_rpc::help::publish(docs);
        }
        self.logging.start();
        if !self.core_dumps {
            granary_server::memory::close();
        }
        granary_server::files::raise();
        granary_server::metrics::start();
        tokio::spawn(granary_server::metrics::upkeep(end.clone()));
        if let Some(address) = self.metrics_address {
            let end = end.clone();
            tokio::spawn(async move {
                if let Err(error) = granary_server::metrics::serve(address, end).await {
                    tracing::error!(%error, %address, "cannot show metrics");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_beside_an_address_leaves_the_address_as_it_is() {
        let set = [
            "gateway.broker.peer_key_file=peer.key",
            "gateway.listen.insecure_transport=true",
            "credential_vault.public.limits.lame_duck_ms=1",
            "harvest_time.server.peer_key_file=peer.key",
        ];
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let Loaded { settings, faults, .. } = Settings::read(&From { set, ..From::default() });
        assert!(faults.is_empty(), "{faults:?}");
        let usual = Settings::default();
        assert_eq!(settings.gateway.broker.address, usual.gateway.broker.address);
        assert_eq!(settings.gateway.listen.address, usual.gateway.listen.address);
        assert_eq!(settings.harvest_time.server.listen.address, usual.harvest_time.server.listen.address);
        let public = |settings: &Settings| settings.credential_vault.public.listen.address;
        assert_eq!(public(&settings), public(&usual));
        assert_eq!(settings.gateway.broker.peer_key_file.as_deref(), Some(Path::new("peer.key")));
    }
}
