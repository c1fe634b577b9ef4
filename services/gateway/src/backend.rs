//! The services behind the gateway.
use granary_server::{Link, Peer, PeerKey, Pool};
use http::HeaderValue;

use crate::config::Config;

/// Where a service is found.
pub(crate) struct BackendPlace {
    /// The full name of the service in the contract.
    pub(crate) service: &'static str,
    /// The process that serves it, as errors and metrics call it.
    pub(crate) process: &'static str,
    /// The process in `gateway.NAME`.
    pub(crate) setting: &'static str,
    /// Whether callers with an API key reach it besides, so that no peer key is asked for.
    pub(crate) is_public: bool,
    peer: fn(&Config) -> &Peer,
}

/// Each of them. Whatever routes, listens, checks settings or watches health begins here.
pub(crate) const BACKENDS: [BackendPlace; 3] = [
    BackendPlace {
        service: "granary.vault.v1.CredentialVault",
        process: "credential-vault",
        setting: "credential_vault",
        is_public: true,
        peer: |config| &config.credential_vault,
    },
    BackendPlace {
        service: "granary.harvest.v1.HarvestTime",
        process: "harvest-time",
        setting: "harvest_time",
        is_public: false,
        peer: |config| &config.harvest_time,
    },
    BackendPlace {
        service: "granary.linkedin.v1.LinkedInData",
        process: "linkedin-data",
        setting: "linkedin_data",
        is_public: false,
        peer: |config| &config.linkedin_data,
    },
];

/// One thread's way to a service.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) service: &'static str,
    pub(crate) process: &'static str,
    /// For calls that are forwarded.
    pub(crate) pool: Pool,
    /// For the gateway's own questions.
    pub(crate) links: Vec<Link>,
    pub(crate) peer_key: Option<HeaderValue>,
}

impl BackendPlace {
    /// Everything that is wrong with the settings of how to reach it.
    pub(crate) fn validate(&self, config: &Config) -> Vec<String> {
        (self.peer)(config).validate(&format!("gateway.{}", self.setting), self.is_public)
    }

    /// Opens no connection yet.
    pub(crate) fn open(&self, config: &Config) -> Result<Backend, String> {
        let peer = (self.peer)(config);
        Ok(Backend {
            service: self.service,
            process: self.process,
            pool: Pool::new(peer.clone()),
            links: Link::to_each(peer)?,
            peer_key: peer.peer_key()?.as_ref().and_then(PeerKey::header),
        })
    }
}
