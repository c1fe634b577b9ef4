//! Makes of a Vault what the store needs: engines, key, policy and a role to log in by. Run again, it checks, and changes what
//! is not as it should be.
mod old;
pub mod policy;
mod roles;
mod steps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use granary_credential::Secret;
use vaultrs::api::kv2::requests::{ReadConfigurationRequest, SetConfigurationRequest};
use vaultrs::api::sys::requests::{CreatePolicyRequest, EnableEngineRequest, ReadPolicyRequest};
use vaultrs::api::transit::requests::{CreateKeyRequest, ReadKeyRequest, UpdateKeyConfigurationRequest};

use crate::Error;
use crate::hashicorp::{Config, Fault, HashiCorp, OpenError, Session, fault_of_engine};
use crate::walk::Tree;
use steps::step;

/// The policy's name in Vault, and the role's.
pub const NAME: &str = "granary-credential-vault";
/// How long a token of the role lives without being renewed, in seconds.
const LIFE: u64 = 3_600;
/// How long a fresh KV engine may take to be ready.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// What to do besides engines, key and policy.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Change nothing, and say what would be.
    pub dry_run: bool,
    /// Look for old versions of records, and destroy them, though the KV engine keeps one. Where it kept more, that is done
    /// anyway.
    pub destroy_old: bool,
    /// The role to log in by.
    pub role: Role,
    /// Make a secret id for the AppRole.
    pub secret_id: Option<SecretId>,
}

/// A way for credential-vault to log in.
#[derive(Clone, Debug, Default)]
pub enum Role {
    /// An AppRole.
    #[default]
    AppRole,
    /// A role of the `jwt` method, which must be configured to trust whoever signs.
    Jwt {
        /// What the JWT's `aud` must hold.
        audience: String,
        /// What its `sub` must be, such as "system:serviceaccount:granary:credential-vault".
        subject: String,
    },
    /// None: a token is made by other means.
    None,
}

/// A secret id to be made.
#[derive(Clone, Copy, Debug)]
pub struct SecretId {
    /// Wrap it, to be unwrapped once within ten minutes.
    pub wrapped: bool,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub what: String,
    /// How it was found, or what was done about it.
    pub outcome: Outcome,
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was as it should be.
    Present,
    /// It was made.
    Created,
    /// It was changed.
    Changed,
    /// It would be made, but for `dry_run`.
    WouldCreate,
    /// It would be changed, but for `dry_run`.
    WouldChange,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// The AppRole's role id.
    pub role_id: Option<String>,
    /// The secret id, or the token that wraps it.
    pub secret_id: Option<Secret>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Vault cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A step failed.
    #[error("{what}: {source}")]
    Step {
        /// What was looked at or done.
        what: String,
        /// Why it failed.
        source: Error,
    },
    /// Something is there that must not be changed by us.
    #[error("{0}")]
    Foreign(String),
}

struct Work {
    session: Arc<Session>,
    store: HashiCorp,
    config: Config,
    dry_run: bool,
    report: Report,
}

/// Does it, with the operator's own token. `records` are where old versions of records would be.
///
/// # Errors
/// The first step that cannot be done; those before it are done.
pub async fn run(config: &Config, records: &'static Tree, options: &Options) -> Result<Report, Failure> {
    let config = config.with_environment_of_operator();
    let session = Session::logged_in(&config).await?;
    let store = HashiCorp::of(Arc::clone(&session), config.clone());
    let mut work = Work { session, store, config, dry_run: options.dry_run, report: Report::default() };
    work.all(records, options).await.map(|()| work.report)
}

impl Work {
    async fn all(&mut self, records: &'static Tree, options: &Options) -> Result<(), Failure> {
        let kept_more = self.kv().await?;
        if kept_more || options.destroy_old {
            self.destroy_old(records).await?;
        }
        self.transit().await?;
        self.policy().await?;
        match &options.role {
            Role::None => {}
            Role::AppRole => self.app_role(options.secret_id).await?,
            Role::Jwt { audience, subject } => self.jwt_role(audience, subject).await?,
        }
        Ok(())
    }

    /// Whether it was there and kept more than one version.
    async fn kv(&mut self) -> Result<bool, Failure> {
        let mount = self.config.mount.clone();
        let what = format!("KV engine {mount}/");
        let there = self.engine(&mount, "kv").await?;
        if let Some(options) = &there
            && options.get("version").map(String::as_str) != Some("2")
        {
            return Err(Failure::Foreign(format!("{what} is there in version 1; choose another mount")));
        }
        let version = HashMap::from([("version".to_owned(), "2".to_owned())]);
        self.make(&what, there.is_some(), || {
            let mut enable = EnableEngineRequest::builder();
            enable.path(mount.as_str()).engine_type("kv").options(version.clone()).build().ok()
        })
        .await?;
        let what = format!("{mount}/config: one version, check-and-set required, nothing deleted by age");
        if self.dry_run && there.is_none() {
            self.note(what, Outcome::WouldChange)?;
            return Ok(false);
        }
        let begun = std::time::Instant::now();
        let found = loop {
            let read = self.ask(|| ReadConfigurationRequest::builder().mount(mount.as_str()).build().ok());
            match read.await {
                Ok(found) => break found,
                // A fresh engine says for a moment that it is being upgraded.
                Err(Fault::Invalid | Fault::NotSetUp) if begun.elapsed() < UPGRADE_TIMEOUT => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(fault) => return Err(step(&what, fault)),
            }
        };
        self.change(&what, fault_of_engine(&found).is_none(), || {
            let mut set = SetConfigurationRequest::builder();
            set.mount(mount.as_str()).cas_required(true).max_versions(1_u64);
            set.delete_version_after("0s").build().ok()
        })
        .await?;
        Ok(there.is_some() && found.max_versions != 1)
    }

    async fn transit(&mut self) -> Result<(), Failure> {
        let (mount, key) = (self.config.transit_mount.clone(), self.config.transit_key.clone());
        let there = self.engine(&mount, "transit").await?.is_some();
        self.make(&format!("transit engine {mount}/"), there, || {
            EnableEngineRequest::builder().path(mount.as_str()).engine_type("transit").build().ok()
        })
        .await?;
        let what = format!("key {mount}/keys/{key}: derived, not exportable, not to be deleted");
        let read = || ReadKeyRequest::builder().mount(mount.as_str()).name(key.as_str()).build().ok();
        let found = self.look(&what, there, read).await?;
        if found.as_ref().is_some_and(|key| !key.derived || key.exportable) {
            let text =
                format!("{what}: there is one that is not; name another key, for this cannot be changed");
            return Err(Failure::Foreign(text));
        }
        if found.as_ref().is_some_and(|key| key.deletion_allowed) {
            let set = || {
                let mut set = UpdateKeyConfigurationRequest::builder();
                set.mount(mount.as_str()).name(key.as_str()).deletion_allowed(false).build().ok()
            };
            return self.change(&what, false, set).await;
        }
        self.make(&what, found.is_some(), || {
            let mut create = CreateKeyRequest::builder();
            create.mount(mount.as_str()).name(key.as_str()).derived(true).exportable(false).build().ok()
        })
        .await
    }

    async fn policy(&mut self) -> Result<(), Failure> {
        let what = format!("policy {NAME}");
        let wanted = policy::text(&policy::rules(&self.config));
        let read = || ReadPolicyRequest::builder().name(NAME).build().ok();
        let found = self.look(&what, true, read).await?.map(|policy| policy.rules);
        let as_wanted = found.as_ref().is_some_and(|rules| rules.trim() == wanted.trim());
        let set = || CreatePolicyRequest::builder().name(NAME).policy(wanted.as_str()).build().ok();
        match found {
            None => self.make(&what, false, set).await,
            Some(_) => self.change(&what, as_wanted, set).await,
        }
    }
}
