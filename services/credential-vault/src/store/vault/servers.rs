//! The servers of Vault: one HTTP client, and which of them is asked first.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use granary_credential::Secret;
use rustify::clients::reqwest::Client as Http;
use vaultrs::api::EndpointMiddleware;
use vaultrs::client::{Client, VaultClientSettings, VaultClientSettingsBuilder};
use zeroize::Zeroize;

use super::config::Config;

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take to begin and to end. The caller's own limit is shorter.
const ANSWER: Duration = Duration::from_secs(10);
/// Idle connections that are kept to each server.
const IDLE: usize = 64;

/// Every server, in the order of the configuration.
pub(crate) struct Servers {
    doors: Vec<Arc<Door>>,
    namespace: Option<String>,
    current: AtomicUsize,
}

struct Door {
    http: Http,
    settings: VaultClientSettings,
}

/// One server, spoken to with one token.
pub(crate) struct Link {
    door: Arc<Door>,
    middle: EndpointMiddleware,
}

impl Servers {
    /// Nothing is connected yet.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        // A redirect is not followed: the token goes to the servers that are configured, and to no other host.
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_max_idle_per_host(IDLE);
        let certificates = config.certificates()?;
        if !certificates.is_empty() {
            client = client.tls_certs_only(certificates);
        }
        if let Some(identity) = config.identity()? {
            client = client.identity(identity);
        }
        let client = client.build().map_err(|_| "the client of vault cannot be built".to_owned())?;
        let door = |address: &String| {
            let settings = VaultClientSettingsBuilder::default()
                .address(address)
                .token("")
                .ca_certs(Vec::new())
                .identity(None)
                .verify(true)
                .build()
                .map_err(|_| format!("vault.addresses: \"{address}\" cannot be used"))?;
            Ok(Arc::new(Door { http: Http::new(address.trim_end_matches('/'), client.clone()), settings }))
        };
        let doors = config.addresses.iter().map(door).collect::<Result<Vec<_>, String>>()?;
        let namespace = Some(config.namespace.clone()).filter(|name| !name.is_empty());
        Ok(Self { doors, namespace, current: AtomicUsize::new(0) })
    }

    /// Links to every server with one token, or with none.
    pub(crate) fn links(&self, token: Option<&Secret>) -> Vec<Arc<Link>> {
        let link = |door: &Arc<Door>| {
            let middle = EndpointMiddleware {
                token: token.map_or_else(String::new, |token| token.expose().to_owned()),
                version: "v1".to_owned(),
                wrap: None,
                namespace: self.namespace.clone(),
            };
            Arc::new(Link { door: Arc::clone(door), middle })
        };
        self.doors.iter().map(link).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.doors.len()
    }

    /// The number of the server that is asked first.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Ordering::Relaxed) % self.doors.len().max(1)
    }

    /// Goes on to the next server, unless someone else did already.
    pub(crate) fn leave(&self, number: usize) {
        let next = (number + 1) % self.doors.len().max(1);
        let _ = self.current.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Link {
    /// The same server with a response-wrapping token in place of ours.
    pub(crate) fn with_token(&self, token: &Secret) -> Self {
        let middle = EndpointMiddleware { token: token.expose().to_owned(), ..self.middle.clone() };
        Self { door: Arc::clone(&self.door), middle }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.middle.token.zeroize();
    }
}

impl Client for Link {
    fn http(&self) -> &Http {
        &self.door.http
    }

    fn middle(&self) -> &EndpointMiddleware {
        &self.middle
    }

    fn settings(&self) -> &VaultClientSettings {
        &self.door.settings
    }

    fn set_token(&mut self, token: &str) {
        self.middle.token.zeroize();
        token.clone_into(&mut self.middle.token);
    }
}
