//! What a sandbox is started with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// How and where a sandbox listens, and what it keeps; the default listens on loopback and forgets everything when it stops.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder in which state survives a restart; without one, state lives in memory only.
    pub state_dir: Option<PathBuf>,
    /// Address to listen on.
    pub host: IpAddr,
    /// One port for each service.
    pub ports: Ports,
    /// When set, the three API ports speak TLS; the control port stays plain.
    pub tls: Option<Tls>,
}

/// Port numbers; 0 takes any free one below 32768.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// Harvest v2.
    pub harvest: u16,
    /// HarvestAPI.
    pub harvestapi: u16,
    /// Apify.
    pub apify: u16,
    /// Credentials, faults and the journal.
    pub control: u16,
}

/// The certificate that the API ports present.
#[derive(Clone)]
pub struct Tls {
    /// Certificate chain, leaf first, in PEM.
    pub cert_pem: Vec<u8>,
    /// Private key of the leaf, in PEM.
    pub key_pem: Vec<u8>,
}

impl Default for Config {
    fn default() -> Self {
        Self { state_dir: None, host: IpAddr::V4(Ipv4Addr::LOCALHOST), ports: Ports::default(), tls: None }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
