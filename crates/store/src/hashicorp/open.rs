//! The start of the store: logged in, and engines that keep what it promises.
use std::sync::Arc;
use std::time::{Duration, Instant};

use vaultrs::api::kv2::requests as kv2;
use vaultrs::api::kv2::responses::ReadConfigurationResponse;
use vaultrs::api::transit::requests as transit;

use super::login::{self, Login};
use super::servers::Servers;
use super::{Config, Fault, HashiCorp, Session, rights, watch};
use crate::Outage;

/// What to look at where certificates are not taken.
const CERTIFICATES: &str = "see vault.ca_file, and vault.client_cert_file if vault asks for one";
/// How long a start waits for a Vault that is away.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// Nobody is logged in.
    #[error("cannot log in to vault: {0}")]
    Login(String),
    /// Vault is not as the store needs it.
    #[error("{0}; run: granary hashicorp-vault bootstrap")]
    NotSetUp(String),
}

impl HashiCorp {
    /// Logs in and checks that the engines are as they must be. A Vault that is away is waited for, a minute at most.
    ///
    /// # Errors
    /// What must be changed before it can start.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        let config = config.with_environment();
        let faults = config.validate();
        if !faults.is_empty() {
            return Err(OpenError::Setting(faults.join("; ")));
        }
        let begun = Instant::now();
        // One for all tries: a wrapped secret id opens once.
        let login = Arc::new(Login::new(config.auth.clone()));
        let mut told = "";
        loop {
            let servers = Servers::new(&config).map_err(OpenError::Setting)?;
            let opened = match Session::open(servers, Arc::clone(&login)).await {
                Ok(session) => Self::of(session, config.clone()).checked().await,
                Err(login::Failure::Ours(fault)) => return Err(OpenError::Login(fault)),
                Err(failure @ login::Failure::Refused(_)) => {
                    return Err(OpenError::Login(failure.at(&config.addresses)));
                }
                Err(ref failure @ login::Failure::Vault(fault)) => {
                    Err((fault, failure.at(&config.addresses)))
                }
            };
            let (fault, text) = match opened {
                Ok(vault) => {
                    tokio::spawn(Arc::clone(&vault.session).keep());
                    tokio::spawn(watch::follow(vault.twin()));
                    return Ok(vault);
                }
                Err(failed) => failed,
            };
            match fault {
                Fault::Outage(Outage::Untrusted) => {
                    return Err(OpenError::Login(format!("{text}; {CERTIFICATES}")));
                }
                Fault::Outage(_) | Fault::Unreached if begun.elapsed() < START_TIMEOUT => {
                    if told != fault.text() {
                        told = fault.text();
                        tracing::warn!(cause = told, "vault cannot serve; trying again for a minute");
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Fault::Outage(_) | Fault::Unreached => return Err(OpenError::Login(text)),
                Fault::Forbidden | Fault::Invalid => return Err(OpenError::Login(text)),
                _ => return Err(OpenError::NotSetUp(text)),
            }
        }
    }

    /// The same, where its policy and its settings are as they must be.
    async fn checked(self) -> Result<Self, (Fault, String)> {
        let during = |what: &'static str| move |fault: Fault| (fault, format!("{what}: {}", fault.text()));
        if let Some(lacks) = self.lacking().await.map_err(during("its policy"))? {
            return Err((Fault::NotSetUp, format!("vault's policy for us lacks {lacks}")));
        }
        if !self.config.namespace.is_empty() && self.session.has_no_namespaces().await {
            let text = format!(
                "vault.namespace is \"{}\", and this vault has no namespaces, which only Vault Enterprise has: unset it",
                self.config.namespace
            );
            return Err((Fault::Invalid, text));
        }
        self.settings().await.map(|()| self)
    }

    /// What the policy lacks.
    pub(super) async fn lacking(&self) -> Result<Option<String>, Fault> {
        rights::lacking(&self.session, &self.config).await
    }

    /// Looks at the settings of the engines again.
    ///
    /// # Errors
    /// In words, what of them loses records, or keeps what must go; or that they cannot be read.
    pub async fn look(&self) -> Result<(), String> {
        self.settings().await.map_err(|(_, text)| text)
    }

    /// Whether the engines keep what the store promises, and nothing else.
    pub(super) async fn settings(&self) -> Result<(), (Fault, String)> {
        let during = |what: &'static str| move |fault: Fault| (fault, format!("{what}: {}", fault.text()));
        let wrong = |text: String| Err((Fault::NotSetUp, text));
        let Config { mount, transit_mount, transit_key, .. } = &self.config;
        let ask = || kv2::ReadConfigurationRequest::builder().mount(mount.as_str()).build().ok();
        let kv = self.session.result("config", true, ask).await.map_err(during("the KV engine"))?;
        if let Some(text) = fault_of_engine(&kv) {
            return wrong(format!("the KV engine {mount} {text}"));
        }
        let ask = || {
            transit::ReadKeyRequest::builder()
                .mount(transit_mount.as_str())
                .name(transit_key.as_str())
                .build()
                .ok()
        };
        let key = self.session.result("key", true, ask).await.map_err(during("the transit key"))?;
        if !key.derived || key.exportable {
            return wrong(format!("the transit key {transit_key} must be derived and not exportable"));
        }
        if key.deletion_allowed {
            return wrong(format!(
                "the transit key {transit_key} has deletion_allowed = true: without it nothing opens any more"
            ));
        }
        Ok(())
    }
}

/// What of an engine's settings loses records, or keeps what must go; what follows its name.
pub(crate) fn fault_of_engine(found: &ReadConfigurationResponse) -> Option<String> {
    if !found.cas_required || found.max_versions != 1 {
        let text = "must have cas_required = true and max_versions = 1, or revoked values would stay";
        return Some(text.to_owned());
    }
    // A duration such as "0s" is none.
    let age = &found.delete_version_after;
    age.contains(|c: char| ('1'..='9').contains(&c)).then(|| {
        format!(
            "has delete_version_after = {age}: accounts, credentials and keys would vanish after it; it must be 0s"
        )
    })
}
