//! The store in HashiCorp Vault: records in a KV engine of version 2, changed by check-and-set; values sealed by a transit
//! key that is derived for each place.
//!
//! Every record keeps its own history of values, so the engine keeps one version of each record: what a put no longer holds
//! is gone from Vault as well.
pub mod config;
mod fault;
mod login;
mod mark;
mod open;
mod questions;
pub(crate) mod rights;
mod servers;
mod session;
pub(crate) mod versions;
mod watch;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use data_encoding::BASE64;
use futures_util::FutureExt;
use serde_json::json;
use vaultrs::api::kv2::requests as kv2;
use vaultrs::api::transit::requests as transit;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    Context, Error, Expect, MAX_LIST, Record, Store, check_data, check_mark, check_path, valid_segment,
};
use mark::Patch;
use servers::NodeClient;

pub use config::Config;
pub(crate) use fault::Fault;
pub(crate) use login::wrapped_secret_id;
pub use open::OpenError;
pub(crate) use open::fault_of_engine;
pub(crate) use questions::Lockout;
pub(crate) use session::Session;

/// The field of a record in the KV engine that has its bytes in base64.
const FIELD: &str = "record";
/// The field that has its mark, where it has one.
const MARK: &str = "mark";
/// What every value begins with that Vault has sealed.
const SEALED: &str = "vault:v";

/// HashiCorp Vault as a store.
pub struct HashiCorp {
    session: Arc<Session>,
    config: Config,
    /// What the policy lacks, as it was last looked at.
    lacks: Arc<ArcSwapOption<String>>,
}

impl HashiCorp {
    pub(crate) fn of(session: Arc<Session>, config: Config) -> Self {
        Self { session, config, lacks: Arc::default() }
    }

    /// The same store, for whoever looks at it until it is closed.
    fn twin(&self) -> Self {
        let Self { session, config, lacks } = self;
        Self { session: Arc::clone(session), config: config.clone(), lacks: Arc::clone(lacks) }
    }

    /// What a fault of an operation is to whoever uses the store.
    fn told(&self, operation: &str, fault: Fault) -> Error {
        match fault {
            Fault::Forbidden => denied(&rights::needed(&self.config, operation)),
            other => other.into(),
        }
    }

    fn mount(&self) -> &str {
        &self.config.mount
    }

    /// Writes a whole record where the version in Vault is this one.
    async fn write(&self, path: &str, data: Vec<u8>, mark: Option<&str>, cas: u32) -> Result<u64, Error> {
        check_path(path)?;
        check_data(&data)?;
        check_mark(mark)?;
        let mut fields = json!({ FIELD: BASE64.encode(&data) });
        if let Some(mark) = mark {
            fields[MARK] = mark.into();
        }
        let ask = || {
            let mut put = kv2::SetSecretRequest::builder();
            put.mount(self.mount()).path(path).data(fields.clone());
            put.options(kv2::SetSecretRequestOptions { cas }).build().ok()
        };
        let put = self.session.result("put", false, ask).await;
        Ok(put.map_err(|fault| self.told("put", fault))?.version)
    }

    /// Where our transit key is: its engine and its name.
    fn transit(&self) -> (&str, &str) {
        (&self.config.transit_mount, &self.config.transit_key)
    }
}

#[async_trait]
impl Store for HashiCorp {
    async fn get(&self, path: &str) -> Result<Option<Record>, Error> {
        check_path(path)?;
        let ask = || kv2::ReadSecretRequest::builder().mount(self.mount()).path(path).build().ok();
        let read = self.session.result("get", true, ask).await;
        let read = match read {
            Ok(read) => read,
            Err(Fault::NotFound) => return Ok(None),
            Err(fault) => return Err(self.told("get", fault)),
        };
        let place = || format!("{}/data/{path}", self.mount());
        let text = read.data.get(FIELD).and_then(serde_json::Value::as_str);
        let text = text.ok_or_else(|| Error::Foreign(place()))?;
        let data = BASE64.decode(text.as_bytes());
        let data = data.map_err(|_| Error::Corrupt(format!("{} is no base64", place())))?;
        let mark = read.data.get(MARK).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(Some(Record { data, version: read.metadata.version, mark }))
    }

    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error> {
        let cas = match expect {
            Expect::Absent => 0,
            // Vault takes 0 for "there is none".
            Expect::Version(0) => return Err(Error::Conflict),
            Expect::Version(version) => u32::try_from(version).map_err(|_| Error::Conflict)?,
        };
        self.write(path, data, None, cas).await
    }

    async fn create(&self, path: &str, data: Vec<u8>, mark: &str) -> Result<u64, Error> {
        self.write(path, data, Some(mark), 0).await
    }

    async fn mark(&self, path: &str, mark: Option<&str>, version: u64) -> Result<u64, Error> {
        check_path(path)?;
        check_mark(mark)?;
        let cas = u32::try_from(version).map_err(|_| Error::Conflict)?;
        let body = json!({ "options": { "cas": cas }, "data": { MARK: mark } });
        let work = |link: Arc<NodeClient>| {
            let (mount, path) = (self.mount().to_owned(), path.to_owned());
            let patch = Patch { mount, path, body: body.clone() };
            async move { patch.send(&link).await }.boxed()
        };
        match self.session.call("mark", false, work).await {
            Ok(version) => Ok(version),
            Err(Fault::NotFound) => Err(Error::Conflict),
            Err(fault) => Err(self.told("mark", fault)),
        }
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        check_path(path)?;
        let ask = || kv2::DeleteSecretMetadataRequest::builder().mount(self.mount()).path(path).build().ok();
        let deleted = self.session.done("delete", true, ask).await;
        match deleted {
            Ok(()) | Err(Fault::NotFound) => Ok(()),
            Err(fault) => Err(self.told("delete", fault)),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        check_path(prefix)?;
        let ask = || kv2::ListSecretsRequest::builder().mount(self.mount()).path(prefix).build().ok();
        let listed = self.session.result("list", true, ask).await;
        let mut names = match listed {
            Ok(listed) => listed.keys,
            Err(Fault::NotFound) => return Ok(Vec::new()),
            Err(fault) => return Err(self.told("list", fault)),
        };
        // A folder ends in a slash, and may stand beside a record of its name.
        for name in &mut names {
            if name.ends_with('/') {
                name.pop();
            }
        }
        names.sort_unstable();
        names.dedup();
        // An operator's own note is passed over: its name may be one that no request of ours can hold.
        names.retain(|name| valid_segment(name) && after.is_none_or(|after| name.as_str() > after));
        names.truncate(limit.min(MAX_LIST));
        Ok(names)
    }

    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (mount, key) = self.transit();
        let (context, plain) = (BASE64.encode(context.as_bytes()), Zeroizing::new(BASE64.encode(plain)));
        let ask = || {
            let mut seal = transit::EncryptDataRequest::builder();
            seal.mount(mount).name(key).context(context.as_str()).plaintext(plain.as_str()).build().ok()
        };
        let sealed = self.session.result("seal", true, ask).await;
        let sealed = sealed.map_err(|fault| self.told("seal", fault))?;
        made(sealed.ciphertext)
    }

    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (mount, key) = self.transit();
        let (context, sealed) = (BASE64.encode(context.as_bytes()), text(sealed)?);
        let ask = || {
            let mut open = transit::DecryptDataRequest::builder();
            open.mount(mount).name(key).context(context.as_str()).ciphertext(sealed).build().ok()
        };
        let opened = self.session.result("open", true, ask).await;
        let mut opened = opened.map_err(|fault| self.told("open", fault))?;
        let plain = BASE64.decode(opened.plaintext.as_bytes()).map(Zeroizing::new);
        opened.plaintext.zeroize();
        plain.map_err(|_| Error::Corrupt("vault opened a value that it did not seal for us".to_owned()))
    }

    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let (mount, key) = self.transit();
        let (context, sealed) = (BASE64.encode(context.as_bytes()), text(sealed)?);
        let ask = || {
            let mut rewrap = transit::RewrapDataRequest::builder();
            rewrap.mount(mount).name(key).context(context.as_str()).ciphertext(sealed).build().ok()
        };
        let rewrapped = self.session.result("rewrap", true, ask).await;
        let rewrapped = rewrapped.map_err(|fault| self.told("rewrap", fault))?;
        let same_key = rewrapped.ciphertext.split(':').nth(1) == sealed.split(':').nth(1);
        Ok(if same_key { None } else { Some(made(rewrapped.ciphertext)?) })
    }

    async fn destroy_old(&self, path: &str) -> Result<u64, Error> {
        check_path(path)?;
        versions::destroy_old(&self.session, self.mount(), path)
            .await
            .map_err(|(operation, fault)| self.told(operation, fault))
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn rotate(&self) -> Result<(), Error> {
        let (mount, key) = self.transit();
        let ask = || transit::RotateKeyRequest::builder().mount(mount).name(key).build().ok();
        self.session.done("rotate", false, ask).await.map_err(|fault| self.told("rotate", fault))
    }

    async fn check(&self) -> Result<(), Error> {
        self.session.health().await?;
        match self.lacks.load_full() {
            Some(lacks) => Err(denied(&lacks)),
            None => Ok(()),
        }
    }

    async fn close(&self) {
        self.session.closing.cancel();
    }
}

impl Drop for HashiCorp {
    fn drop(&mut self) {
        self.session.closing.cancel();
    }
}

impl fmt::Debug for HashiCorp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashiCorp").field("mount", &self.config.mount).finish_non_exhaustive()
    }
}

/// What whoever uses the store is told of a policy that is too narrow.
fn denied(lacks: &str) -> Error {
    Error::Denied(format!("its policy in vault lacks {lacks}; run: granary hashicorp-vault bootstrap"))
}

/// A value that Vault says it has sealed.
fn made(ciphertext: String) -> Result<Vec<u8>, Error> {
    if ciphertext.starts_with(SEALED) { Ok(ciphertext.into_bytes()) } else { Err(Fault::Unreadable.into()) }
}

/// A sealed value as Vault names it.
fn text(sealed: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(sealed).ok().filter(|text| text.starts_with(SEALED));
    text.ok_or_else(|| Error::Corrupt("a value that vault did not seal".to_owned()))
}
