//! What an operator may set.
use std::path::PathBuf;

use granary_server::{Server, admission};
use granary_ticketed::{Settings, or_standard};
use granary_upstream::Client;
use serde::{Deserialize, Serialize};

const HARVEST: &str = "https://api.harvestapp.com";
const USER_AGENT: &str = "Granary/0.1 (set user_agent to a contact of yours)";

/// The settings of this service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the gateway reaches it. Default 127.0.0.1:7103.
    pub server: Server,
    /// How many calls run and wait at a time.
    pub admission: admission::Settings,
    /// The file with the keys that open its tickets, one a line, 32 bytes in base64 each.
    pub ticket_key_file: PathBuf,
    /// Harvest v2; an empty `base_url` stands for Harvest itself.
    pub harvest: granary_upstream::Config,
    /// Where a HarvestAPI key is sent for time tracking. Unset: nowhere, so that one vendor's key never reaches another.
    pub one_key: Option<granary_upstream::Config>,
    /// Harvest demands a product with a contact, and answers 400 without.
    pub user_agent: String,
}

impl Default for Config {
    fn default() -> Self {
        let harvest = granary_upstream::Config { base_url: HARVEST.to_owned(), ..Default::default() };
        let server = Server::loopback(7103, None);
        Self {
            server,
            admission: admission::Settings::default(),
            ticket_key_file: PathBuf::new(),
            harvest,
            one_key: None,
            user_agent: USER_AGENT.to_owned(),
        }
    }
}

impl Config {
    /// Everything that is wrong with the settings of the service as a process.
    pub fn validate_all(&self) -> Vec<String> {
        let mut faults = self.settings().validate();
        faults.extend(self.validate());
        faults
    }

    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings {
            table: "harvest_time",
            server: &self.server,
            admission: &self.admission,
            ticket_key_file: &self.ticket_key_file,
        }
    }

    /// Everything that is wrong with what it is told of upstream.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut sound = self.clone();
        if self.user_agent.trim().is_empty()
            || !self.user_agent.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        {
            let text = "must be visible ASCII that names a product and a contact";
            faults.push(format!("harvest_time.user_agent: {text}"));
            // So that what else is wrong is told too.
            USER_AGENT.clone_into(&mut sound.user_agent);
        }
        let wrong = |name: &str, config: &granary_upstream::Config| {
            Client::new("harvest", config).err().map(|e| e.told(&format!("harvest_time.{name}")))
        };
        faults.extend(wrong("harvest", &sound.harvest()));
        faults.extend(sound.one_key().and_then(|config| wrong("one_key", &config)));
        faults
    }

    pub(crate) fn harvest(&self) -> granary_upstream::Config {
        or_standard(&self.named(&self.harvest), HARVEST)
    }

    pub(crate) fn one_key(&self) -> Option<granary_upstream::Config> {
        self.one_key.as_ref().map(|config| self.named(config))
    }

    fn named(&self, config: &granary_upstream::Config) -> granary_upstream::Config {
        granary_upstream::Config { user_agent: self.user_agent.clone(), ..config.clone() }
    }
}
