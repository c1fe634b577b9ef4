//! The assembly: three services over one store.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use granary_proto::granary::internal::v1::credential_broker_server::CredentialBrokerServer;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::admin_server::AdminServer;
use granary_proto::granary::vault::v1::credential_vault_server::CredentialVaultServer;
use granary_rpc::Reason;
use tokio::time::{interval, timeout};
use tonic::service::Routes;
use tower::Layer;

use crate::Error;
use crate::config::Parts;
use crate::domain::documents::SystemKey;
use crate::domain::keys::NewKey;
use crate::domain::time::now_ms;
use crate::domain::{paths, seals, tenants};
use crate::rpc::admit::AdmitLayer;
use crate::rpc::{Admin, CredentialBroker, CredentialVault};
use crate::state::State;

/// Longest request, in bytes.
pub(crate) const REQUEST: usize = 64 * 1024;
/// How often used seals are swept.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// Longest wait for changes under way at the end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// Marks that the first key was made.
const INIT: &str = "init";

/// Credential-vault, ready to be served.
#[derive(Clone)]
pub struct Application(Arc<State>);

impl Application {
    /// Makes the services; keys that the store lacks are made on the way.
    ///
    /// # Errors
    /// The store fails, or what it holds does not open.
    pub async fn new(parts: Parts) -> Result<Self, Error> {
        let state = Arc::new(State::new(parts).await?);
        for method in state.table.methods().iter().filter(|method| !method.needs.is_empty()) {
            if !state.rings.contains_key(&method.process) {
                tracing::warn!(method = method.name(), "no ticket keys: the method cannot be called");
            }
        }
        let (records, closing) = (state.records.clone(), state.closing.clone());
        state.tasks.spawn(async move {
            let mut tick = interval(SWEEP_INTERVAL);
            while closing.run_until_cancelled(tick.tick()).await.is_some() {
                if let Err(error) = seals::sweep(&records, now_ms()).await {
                    tracing::warn!(%error, "cannot sweep used seals");
                }
            }
        });
        state.tasks.spawn(state.outage.clone().follow(
            state.records.clone(),
            state.audit.fault(),
            state.closing.clone(),
        ));
        Ok(Self(state))
    }

    /// Whether the store can serve, and the audit log be written.
    pub fn serves(&self) -> tokio::sync::watch::Receiver<bool> {
        self.0.outage.serves()
    }

    /// CredentialVault and Admin, for callers with an API key.
    pub fn public_routes(&self) -> Routes {
        let admit = AdmitLayer::new(Arc::clone(&self.0));
        let vault = CredentialVaultServer::new(CredentialVault::new(Arc::clone(&self.0)));
        let admin = AdminServer::new(Admin::new(Arc::clone(&self.0)));
        Routes::new(admit.layer(vault.max_decoding_message_size(REQUEST)))
            .add_service(admit.layer(admin.max_decoding_message_size(REQUEST)))
    }

    /// The broker, for the gateway alone.
    pub fn broker_routes(&self) -> Routes {
        let broker = CredentialBrokerServer::new(CredentialBroker::new(Arc::clone(&self.0)));
        Routes::new(broker.max_decoding_message_size(REQUEST))
    }

    /// At first use: creates the tenant and a key that holds every scope, and returns the key's text, which is kept nowhere.
    /// Later: `None`.
    ///
    /// # Errors
    /// The name cannot be a tenant's, or the store fails.
    pub async fn init(&self, tenant: &str) -> Result<Option<String>, Error> {
        let mut violations = Vec::new();
        tenants::parse_name("tenant", tenant, &mut violations);
        if !violations.is_empty() {
            return Err(granary_rpc::Error::invalid(violations).into());
        }
        let (state, mark) = (&self.0, paths::system(INIT));
        if state.records.get::<SystemKey>(&mark).await?.is_some() {
            return Ok(None);
        }
        match state.tenants.create(tenant).await {
            Err(error) if error.reason() != Reason::AlreadyExists => return Err(error.into()),
            _ => {}
        }
        let new = operator(tenant, "the first key");
        // The mark comes last: who is killed before it gets another key, and the lost one's text is known to nobody.
        let (key, text) = state.keys.create(new).await?;
        let first = SystemKey { create_ms: now_ms(), ..SystemKey::default() };
        if state.records.create(&mark, first).await? {
            return Ok(Some(text.expose().to_owned()));
        }
        state.keys.revoke(&key.key_id, |_| Ok(())).await?;
        Ok(None)
    }

    /// Makes one more key with every scope, for whoever can open the store and has lost the first one.
    ///
    /// # Errors
    /// There is no such tenant, or the store fails.
    pub async fn operator_key(&self, tenant: &str) -> Result<String, Error> {
        self.0.tenants.must_exist(tenant).await?;
        let (_, text) = self.0.keys.create(operator(tenant, "a recovered operator key")).await?;
        Ok(text.expose().to_owned())
    }

    /// SHA-256 of the public sealing key in hexadecimal, for clients to compare.
    pub async fn sealing_fingerprint(&self) -> String {
        self.0.system.sealing_fingerprint()
    }

    /// Returns once the audit log is on the disk.
    pub async fn flush(&self) {
        self.0.audit.flush().await;
    }

    /// Goes on in whatever stands under the audit file's name by now.
    pub fn reopen_audit(&self) {
        self.0.audit.reopen();
    }

    /// Ends the streams to gateways, which would never end by themselves.
    pub fn end_streams(&self) {
        self.0.closing.cancel();
    }

    /// Ends all streams, lets changes under way finish, and closes audit log and store.
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.0.tasks.close();
        if timeout(DRAIN_TIMEOUT, self.0.tasks.wait()).await.is_err() {
            tracing::error!("changes under way did not end in time");
        }
        self.0.audit.flush().await;
        self.0.records.store().close().await;
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Application(masked)")
    }
}

/// A key that holds every scope.
pub(crate) fn operator(tenant: &str, label: &str) -> NewKey {
    NewKey {
        tenant: tenant.to_owned(),
        label: label.to_owned(),
        scopes: (1..).map_while(|number| Scope::try_from(number).ok()).collect(),
        patterns: Vec::new(),
        expire_ms: 0,
    }
}
