//! How one third party is reached.
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::client::Cause;

/// How one third party is reached. Times are in milliseconds.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the API lives, such as `https://api.example.com`; a path in it goes before that of each call.
    pub base_url: String,
    /// Longest time for name resolution, TCP and TLS together.
    pub connect_timeout_ms: u64,
    /// Longest silence: until the answer begins, and between two parts of it.
    pub read_timeout_ms: u64,
    /// Longest time for a call with all its retries. The caller's deadline counts where it is nearer.
    pub total_timeout_ms: u64,
    /// Largest answer, in bytes.
    pub max_body_bytes: usize,
    /// Bytes of answers above 256 KiB that are held at a time, and of what is made of them. Further ones wait, within their
    /// calls' time; one that is larger waits until it has the room to itself.
    pub max_answer_bytes_in_flight: usize,
    /// How often a call that may be repeated is repeated.
    pub retries: u32,
    /// Certificate authorities to trust besides the system's, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// What the client calls itself. Some upstreams refuse calls without a contact in it.
    pub user_agent: String,
    /// How many idle connections are kept.
    pub pool_idle_per_host: usize,
    /// Allows `http` to a host that is not this machine, which puts credentials on the network in the clear.
    pub insecure_transport: bool,
}

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The base URL cannot be used. It is not repeated here, as it may hold a password.
    #[error("base_url of {api} {fault}")]
    BaseUrl {
        /// Which third party.
        api: &'static str,
        /// What is wrong.
        fault: &'static str,
    },
    /// The file with certificate authorities cannot be read.
    #[error("cannot read ca_file {path}")]
    CaFile {
        /// Its path.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The file with certificate authorities holds none.
    #[error("ca_file {path} is no PEM file with certificates")]
    CaFormat {
        /// Its path.
        path: PathBuf,
    },
    /// The user agent cannot stand in a header.
    #[error("user_agent of {api} must be visible ASCII")]
    UserAgent {
        /// Which third party.
        api: &'static str,
    },
    /// The TLS stack does not start; most often the system has no certificate authorities.
    #[error("cannot set up the client of {api}")]
    Setup {
        /// Which third party.
        api: &'static str,
        /// What happened.
        source: Cause,
    },
}

impl BuildError {
    /// The fault after the full name of its setting; `name` is that of the third party in the configuration.
    pub fn told(&self, name: &str) -> String {
        let setting = match self {
            Self::BaseUrl { .. } => ".base_url",
            Self::CaFile { .. } | Self::CaFormat { .. } => ".ca_file",
            Self::UserAgent { .. } => ".user_agent",
            Self::Setup { .. } => "",
        };
        format!("{name}{setting}: {self}")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            connect_timeout_ms: 5_000,
            read_timeout_ms: 30_000,
            total_timeout_ms: 60_000,
            max_body_bytes: 16 * 1024 * 1024,
            max_answer_bytes_in_flight: 256 * 1024 * 1024,
            retries: 2,
            ca_file: None,
            user_agent: "Granary/0.1 (set user_agent to a contact of yours)".to_owned(),
            pool_idle_per_host: 64,
            insecure_transport: false,
        }
    }
}
