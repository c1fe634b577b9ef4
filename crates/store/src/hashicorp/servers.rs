//! The servers of Vault: one HTTP client, and which of them is asked first.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use granary_credential::Secret;
use rustify::clients::reqwest::Client as Http;
use tokio::time::Instant;
use vaultrs::api::EndpointMiddleware;
use vaultrs::client::{Client, VaultClientSettings, VaultClientSettingsBuilder};
use zeroize::Zeroize;

use super::config::Config;

/// How long a connection may take to be made, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take to begin and to end. The caller's own limit is shorter.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections that are kept to each server.
const IDLE: usize = 64;

/// Every server, in the order of the configuration.
pub(crate) struct Servers {
    config: Config,
    nodes: ArcSwap<Vec<Arc<Node>>>,
    /// Of the certificates that the nodes were made with.
    digest: Mutex<[u8; 32]>,
    namespace: Option<String>,
    current: AtomicUsize,
}

struct Node {
    http: Http,
    settings: VaultClientSettings,
}

/// One server, spoken to with one token.
pub(crate) struct NodeClient {
    node: Arc<Node>,
    middle: EndpointMiddleware,
}

impl Servers {
    /// Nothing is connected yet.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        let digest = Mutex::new(config.digest()?);
        let nodes = ArcSwap::from_pointee(nodes(config)?);
        let namespace = Some(config.namespace.clone()).filter(|name| !name.is_empty());
        Ok(Self { config: config.clone(), nodes, digest, namespace, current: AtomicUsize::new(0) })
    }

    /// Takes certificates as their files have them now; whether they had changed. What cannot be used is not taken.
    pub(crate) fn reload(&self) -> Result<bool, String> {
        let digest = self.config.digest()?;
        let mut seen = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == digest {
            return Ok(false);
        }
        self.nodes.store(Arc::new(nodes(&self.config)?));
        *seen = digest;
        Ok(true)
    }

    /// The same links through the nodes of now.
    pub(crate) fn through_nodes_of_now(&self, links: &[Arc<NodeClient>]) -> Vec<Arc<NodeClient>> {
        let nodes = self.nodes.load();
        let moved = |(node, link): (&Arc<Node>, &Arc<NodeClient>)| {
            Arc::new(NodeClient { node: Arc::clone(node), middle: link.middle.clone() })
        };
        nodes.iter().zip(links).map(moved).collect()
    }

    /// Links to every server with one token, or with none.
    pub(crate) fn links(&self, token: Option<&Secret>) -> Vec<Arc<NodeClient>> {
        let link = |node: &Arc<Node>| {
            let middle = EndpointMiddleware {
                token: token.map_or_else(String::new, |token| token.expose().to_owned()),
                version: "v1".to_owned(),
                wrap: None,
                namespace: self.namespace.clone(),
            };
            Arc::new(NodeClient { node: Arc::clone(node), middle })
        };
        self.nodes.load().iter().map(link).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.config.addresses.len()
    }

    /// The number of the server that is asked first.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Ordering::Relaxed) % self.config.addresses.len().max(1)
    }

    /// How long one server may keep who asks, after so many others: half of the time that is left, and the last one all of it,
    /// so that one that holds requests leaves time for the next.
    pub(crate) fn until(&self, deadline: Instant, asked: usize) -> Instant {
        if asked + 1 >= self.count() {
            return deadline;
        }
        let now = Instant::now();
        now + deadline.saturating_duration_since(now) / 2
    }

    /// Goes on to the next server, unless someone else did already.
    pub(crate) fn leave(&self, number: usize) {
        let next = (number + 1) % self.config.addresses.len().max(1);
        let _ = self.current.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

fn nodes(config: &Config) -> Result<Vec<Arc<Node>>, String> {
    // A redirect is not followed: the token goes to the servers that are configured, and to no other host.
    let mut client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .pool_max_idle_per_host(IDLE);
    let certificates = config.certificates()?;
    if !certificates.is_empty() {
        client = client.tls_certs_only(certificates);
    }
    if let Some(identity) = config.identity()? {
        client = client.identity(identity);
    }
    let client = client.build().map_err(|_| "the client of vault cannot be built".to_owned())?;
    let node = |address: &String| {
        let settings = VaultClientSettingsBuilder::default()
            .address(address)
            .token("")
            .ca_certs(Vec::new())
            .identity(None)
            .verify(true)
            .build()
            .map_err(|_| format!("vault.addresses: \"{address}\" cannot be used"))?;
        Ok(Arc::new(Node { http: Http::new(address.trim_end_matches('/'), client.clone()), settings }))
    };
    config.addresses.iter().map(node).collect()
}

impl NodeClient {
    /// The same server with a response-wrapping token in place of ours.
    pub(crate) fn with_token(&self, token: &Secret) -> Self {
        let middle = EndpointMiddleware { token: token.expose().to_owned(), ..self.middle.clone() };
        Self { node: Arc::clone(&self.node), middle }
    }
}

impl Drop for NodeClient {
    fn drop(&mut self) {
        self.middle.token.zeroize();
    }
}

impl Client for NodeClient {
    fn http(&self) -> &Http {
        &self.node.http
    }

    fn middle(&self) -> &EndpointMiddleware {
        &self.middle
    }

    fn settings(&self) -> &VaultClientSettings {
        &self.node.settings
    }

    fn set_token(&mut self, token: &str) {
        self.middle.token.zeroize();
        token.clone_into(&mut self.middle.token);
    }
}
