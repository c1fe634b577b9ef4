//! The store in HashiCorp Vault: records in a KV engine of version 2, changed by check-and-set; values sealed by a transit
//! key that is derived for each place.
//!
//! Every record keeps its own history of values, so the engine keeps one version of each record: what a put no longer holds
//! is gone from Vault as well.
pub mod config;
mod fault;
mod login;
mod servers;
mod session;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use data_encoding::BASE64;
use serde_json::json;
use vaultrs::api::kv2::requests::{ReadSecretRequest, SetSecretRequest, SetSecretRequestOptions};
use vaultrs::api::transit::requests as transit;
use vaultrs::api::{exec_with_empty, exec_with_result};
use vaultrs::error::ClientError;
use zeroize::{Zeroize, Zeroizing};

use super::{Context, Error, Expect, MAX_DATA, MAX_LIST, Record, Store, valid_path};
use login::Login;
use servers::Servers;

pub use config::Config;
pub(crate) use fault::Fault;
pub(crate) use login::wrapped_secret_id;
pub(crate) use servers::Link;
pub(crate) use session::Session;

/// The one field of a record in the KV engine: its bytes in base64.
const FIELD: &str = "record";
/// What every value begins with that Vault has sealed.
const SEALED: &str = "vault:v";
/// How long a start waits for a Vault that is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// HashiCorp Vault as a store.
pub struct Vault {
    session: Arc<Session>,
    config: Config,
}

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
    #[error("{0}; run: granary vault bootstrap")]
    NotSetUp(String),
}

impl Vault {
    /// Logs in and checks that the engines are as they must be. A Vault that is away is waited for, a minute at most.
    ///
    /// # Errors
    /// What must be changed before it can start.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        let config = config.with_environment();
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(OpenError::Setting(faults.join("; ")));
        }
        let begun = Instant::now();
        loop {
            let servers = Servers::new(&config).map_err(OpenError::Setting)?;
            let opened = match Session::open(servers, Login::new(config.auth.clone())).await {
                Ok(session) => Self { session, config: config.clone() }.checked().await,
                Err(login::Failure::Ours(fault)) => return Err(OpenError::Login(fault)),
                Err(login::Failure::Vault(fault)) => Err((fault, format!("logging in: {}", fault.text()))),
            };
            let (fault, text) = match opened {
                Ok(vault) => {
                    tokio::spawn(Arc::clone(&vault.session).keep());
                    return Ok(vault);
                }
                Err(failed) => failed,
            };
            match fault {
                Fault::Outage(_) | Fault::Unreached if begun.elapsed() < PATIENCE => {
                    tracing::warn!(cause = fault.text(), "vault cannot serve; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Fault::Outage(_) | Fault::Unreached => return Err(OpenError::Login(text)),
                Fault::Forbidden | Fault::Invalid => return Err(OpenError::Login(text)),
                _ => return Err(OpenError::NotSetUp(text)),
            }
        }
    }

    /// Whether the engines keep what the store promises.
    async fn checked(self) -> Result<Self, (Fault, String)> {
        let during = |what: &'static str| move |fault: Fault| (fault, format!("{what}: {}", fault.text()));
        let mount = self.config.mount.clone();
        let kv = self
            .session
            .call("config", true, move |link| {
                let mount = mount.clone();
                Box::pin(async move { vaultrs::kv2::config::read(link.as_ref(), &mount).await })
            })
            .await
            .map_err(during("the KV engine"))?;
        if !kv.cas_required || kv.max_versions != 1 {
            let text = format!(
                "the KV engine {} must have cas_required = true and max_versions = 1, or revoked values would stay",
                self.config.mount
            );
            return Err((Fault::NotSetUp, text));
        }
        let (mount, key) = (self.config.transit_mount.clone(), self.config.transit_key.clone());
        let key = self
            .session
            .call("key", true, move |link| {
                let (mount, key) = (mount.clone(), key.clone());
                Box::pin(async move { vaultrs::transit::key::read(link.as_ref(), &mount, &key).await })
            })
            .await
            .map_err(during("the transit key"))?;
        if !key.derived || key.exportable {
            let text =
                format!("the transit key {} must be derived and not exportable", self.config.transit_key);
            return Err((Fault::NotSetUp, text));
        }
        Ok(self)
    }

    fn transit(&self) -> (String, String) {
        (self.config.transit_mount.clone(), self.config.transit_key.clone())
    }

    /// The version of a record, without its data.
    async fn put_at(&self, path: &str, data: &str, cas: u32) -> Result<u64, Fault> {
        let (mount, path, data) = (self.config.mount.clone(), path.to_owned(), data.to_owned());
        let written = self
            .session
            .call("put", false, move |link| {
                let endpoint = SetSecretRequest::builder()
                    .mount(mount.clone())
                    .path(path.clone())
                    .data(json!({ FIELD: data }))
                    .options(SetSecretRequestOptions { cas })
                    .build();
                Box::pin(async move {
                    exec_with_result(link.as_ref(), endpoint.map_err(|_| ClientError::ResponseEmptyError)?)
                        .await
                })
            })
            .await?;
        Ok(written.version)
    }
}

#[async_trait]
impl Store for Vault {
    async fn get(&self, path: &str) -> Result<Option<Record>, Error> {
        checked(path)?;
        let (mount, path) = (self.config.mount.clone(), path.to_owned());
        let read = self
            .session
            .call("get", true, move |link| {
                let endpoint = ReadSecretRequest::builder().mount(mount.clone()).path(path.clone()).build();
                Box::pin(async move {
                    exec_with_result(link.as_ref(), endpoint.map_err(|_| ClientError::ResponseEmptyError)?)
                        .await
                })
            })
            .await;
        let read = match read {
            Ok(read) => read,
            Err(Fault::NotFound) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let foreign = || Error::Corrupt("a record that we did not write".to_owned());
        let text = read.data.get(FIELD).and_then(serde_json::Value::as_str).ok_or_else(foreign)?;
        let data = BASE64.decode(text.as_bytes()).map_err(|_| foreign())?;
        Ok(Some(Record { data, version: read.metadata.version }))
    }

    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error> {
        checked(path)?;
        if data.len() > MAX_DATA {
            return Err(Error::Denied(format!("a record has at most {MAX_DATA} bytes")));
        }
        let data = BASE64.encode(&data);
        let cas = match expect {
            Expect::Absent => 0,
            // Vault takes 0 for "there is none".
            Expect::Version(0) => return Err(Error::Conflict),
            Expect::Version(version) => u32::try_from(version).map_err(|_| Error::Conflict)?,
        };
        Ok(self.put_at(path, &data, cas).await?)
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        checked(path)?;
        let (mount, path) = (self.config.mount.clone(), path.to_owned());
        let deleted = self
            .session
            .call("delete", true, move |link| {
                let (mount, path) = (mount.clone(), path.clone());
                Box::pin(async move { vaultrs::kv2::delete_metadata(link.as_ref(), &mount, &path).await })
            })
            .await;
        match deleted {
            Ok(()) | Err(Fault::NotFound) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        checked(prefix)?;
        let (mount, prefix) = (self.config.mount.clone(), prefix.to_owned());
        let listed = self
            .session
            .call("list", true, move |link| {
                let (mount, prefix) = (mount.clone(), prefix.clone());
                Box::pin(async move { vaultrs::kv2::list(link.as_ref(), &mount, &prefix).await })
            })
            .await;
        let mut names = match listed {
            Ok(names) => names,
            Err(Fault::NotFound) => return Ok(Vec::new()),
            Err(fault) => return Err(fault.into()),
        };
        // A folder ends in a slash, and may stand beside a record of its name.
        for name in &mut names {
            if name.ends_with('/') {
                name.pop();
            }
        }
        names.sort_unstable();
        names.dedup();
        names.retain(|name| after.is_none_or(|after| name.as_str() > after));
        names.truncate(limit.min(MAX_LIST));
        Ok(names)
    }

    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (mount, key) = self.transit();
        let (context, plain) = (BASE64.encode(context.as_bytes()), Zeroizing::new(BASE64.encode(plain)));
        let sealed = self
            .session
            .call("seal", true, move |link| {
                let (mount, key, context, plain) =
                    (mount.clone(), key.clone(), context.clone(), plain.clone());
                Box::pin(async move {
                    let mut request = transit::EncryptDataRequest::builder();
                    request.context(context);
                    vaultrs::transit::data::encrypt(link.as_ref(), &mount, &key, &plain, Some(&mut request))
                        .await
                })
            })
            .await?;
        made(sealed.ciphertext)
    }

    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (mount, key) = self.transit();
        let context = BASE64.encode(context.as_bytes());
        let sealed = text(sealed)?;
        let mut opened = self
            .session
            .call("open", true, move |link| {
                let (mount, key, context, sealed) =
                    (mount.clone(), key.clone(), context.clone(), sealed.clone());
                Box::pin(async move {
                    let mut request = transit::DecryptDataRequest::builder();
                    request.context(context);
                    vaultrs::transit::data::decrypt(link.as_ref(), &mount, &key, &sealed, Some(&mut request))
                        .await
                })
            })
            .await?;
        let plain = BASE64.decode(opened.plaintext.as_bytes()).map(Zeroizing::new);
        opened.plaintext.zeroize();
        plain.map_err(|_| Error::Corrupt("vault opened a value that it did not seal for us".to_owned()))
    }

    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (mount, key) = self.transit();
        let context = BASE64.encode(context.as_bytes());
        let sealed = text(sealed)?;
        let rewrapped = self
            .session
            .call("rewrap", true, move |link| {
                let (mount, key, context, sealed) =
                    (mount.clone(), key.clone(), context.clone(), sealed.clone());
                Box::pin(async move {
                    let mut request = transit::RewrapDataRequest::builder();
                    request.context(context);
                    vaultrs::transit::data::rewrap(link.as_ref(), &mount, &key, &sealed, Some(&mut request))
                        .await
                })
            })
            .await?;
        made(rewrapped.ciphertext)
    }

    async fn rotate(&self) -> Result<(), Error> {
        let (mount, key) = self.transit();
        let rotated = self.session.call("rotate", false, move |link| {
            let endpoint =
                transit::RotateKeyRequest::builder().mount(mount.clone()).name(key.clone()).build();
            Box::pin(async move {
                exec_with_empty(link.as_ref(), endpoint.map_err(|_| ClientError::ResponseEmptyError)?).await
            })
        });
        Ok(rotated.await?)
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(self.session.health().await?)
    }

    async fn close(&self) {
        self.session.closing.cancel();
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.session.closing.cancel();
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("mount", &self.config.mount).finish_non_exhaustive()
    }
}

fn checked(path: &str) -> Result<(), Error> {
    if valid_path(path) { Ok(()) } else { Err(Error::Denied("a path that no store can hold".to_owned())) }
}

/// A value that Vault says it has sealed.
fn made(ciphertext: String) -> Result<Vec<u8>, Error> {
    if ciphertext.starts_with(SEALED) { Ok(ciphertext.into_bytes()) } else { Err(Fault::Unreadable.into()) }
}

/// A sealed value as Vault names it.
fn text(sealed: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(sealed).ok().filter(|text| text.starts_with(SEALED));
    text.map(str::to_owned).ok_or_else(|| Error::Corrupt("a value that vault did not seal".to_owned()))
}
