//! Other services: where they are, and what a connection to them shows and expects.
use std::path::PathBuf;

use granary_credential::key_file;
use granary_rpc::loopback::is_this_machine;
use serde::{Deserialize, Serialize};

use crate::peer_key::PeerKey;
use crate::tls;

/// Another service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Peer {
    /// Host and port, such as "harvest-time:7103". Several replicas are separated by commas; a name may also resolve to
    /// several addresses.
    pub address: String,
    /// The file with the peer key. Absent: mutual TLS must be configured.
    pub peer_key_file: Option<PathBuf>,
    /// The CA that the service's certificate must come from, PEM. Absent: plain text.
    pub ca_file: Option<PathBuf>,
    /// The certificate to show, PEM.
    pub cert_file: Option<PathBuf>,
    /// Its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// The name in the service's certificate; default: the host of the address.
    pub server_name: Option<String>,
    /// Whether plain text may go to another machine, where something else encrypts it.
    pub insecure_transport: bool,
    /// Connections of each gateway thread to each address, 1 to 16; more are made while calls need them. Default 2.
    pub connections: usize,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            address: String::new(),
            peer_key_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            server_name: None,
            insecure_transport: false,
            connections: 2,
        }
    }
}

impl Peer {
    /// A peer on loopback.
    pub fn plain(address: impl Into<String>, peer_key_file: Option<PathBuf>) -> Self {
        Self { address: address.into(), peer_key_file, ..Self::default() }
    }

    /// Each address as it is written.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.address.split(',').map(str::trim).filter(|address| !address.is_empty())
    }

    /// What is wrong with it; `name` is its key in the configuration. A peer that is public needs no peer key.
    pub fn validate(&self, name: &str, public: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let fits = |address: &str| {
            address
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if self.list().next().is_none() || !self.list().all(fits) {
            faults.push(format!("{name}.address: must be HOST:PORT, is \"{}\"", self.address));
        }
        let is_elsewhere = |address: &&str| !is_this_machine(host(address));
        if self.ca_file.is_none()
            && !self.insecure_transport
            && let Some(address) = self.list().find(is_elsewhere)
        {
            faults.push(format!(
                "{name}: {address} is not this machine and has no TLS, so that keys and credentials would go there in plain text: \
                 set {name}.ca_file, or {name}.insecure_transport = true where something else encrypts"
            ));
        }
        let files = [
            ("peer_key_file", &self.peer_key_file, true),
            ("ca_file", &self.ca_file, false),
            ("cert_file", &self.cert_file, false),
            ("key_file", &self.key_file, true),
        ];
        for (setting, file, is_secret) in files {
            let Some(file) = file else { continue };
            if !file.is_file() {
                faults.push(format!("{name}.{setting}: the file {} does not exist", file.display()));
            } else if is_secret && let Err(fault) = key_file::read(file) {
                faults.push(format!("{name}.{setting}: {fault}"));
            }
        }
        if !(1..=16).contains(&self.connections) {
            faults.push(format!("{name}.connections: must be 1 to 16"));
        }
        if self.cert_file.is_some() && self.ca_file.is_none() {
            faults.push(format!(
                "{name}.cert_file: needs {name}.ca_file; without it the connection would be plain text"
            ));
        }
        if self.cert_file.is_some() != self.key_file.is_some() {
            faults.push(format!("{name}.cert_file: goes together with {name}.key_file"));
        }
        if !public && self.peer_key_file.is_none() && self.cert_file.is_none() {
            faults.push(format!(
                "{name}: calls between services must be authenticated; set {name}.peer_key_file, or \
                 {name}.ca_file, cert_file and key_file for mutual TLS"
            ));
        }
        faults
    }

    /// The peer key, where there is one.
    ///
    /// # Errors
    /// Says what is wrong with its file.
    pub fn peer_key(&self) -> Result<Option<PeerKey>, String> {
        self.peer_key_file.as_deref().map(PeerKey::from_file).transpose()
    }

    /// What a connection to an address of the peer uses for TLS, with the name that its certificate must hold. `None`: plain
    /// text.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn client_tls(&self, address: &str) -> Result<Option<(rustls::ClientConfig, String)>, tls::Error> {
        let Some(ca) = &self.ca_file else { return Ok(None) };
        let pair = self.cert_file.as_deref().zip(self.key_file.as_deref());
        Ok(Some((tls::client(ca, pair)?, self.name(address).to_owned())))
    }

    /// The name in the service's certificate.
    fn name<'a>(&'a self, address: &'a str) -> &'a str {
        self.server_name.as_deref().unwrap_or_else(|| host(address))
    }

    /// The same peer at one address alone, which the certificate there must be for, or for `named`: what resolved to it.
    pub(crate) fn at(&self, address: &str, named: &str) -> Self {
        let server_name = Some(self.name(named).to_owned());
        Self { address: address.to_owned(), server_name, connections: 1, ..self.clone() }
    }

    /// Every address that the peer's names resolve to now, each with its name; a name that does not resolve stands for
    /// itself.
    pub async fn addresses(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for name in self.list() {
            match tokio::net::lookup_host(name).await {
                Ok(found) => all.extend(found.map(|address| (address.to_string(), name.to_owned()))),
                Err(_) => all.push((name.to_owned(), name.to_owned())),
            }
        }
        all.sort();
        all.dedup();
        all
    }
}

/// An address without its port.
fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}
