//! Where everything is kept: one trait, which the embedded file and HashiCorp Vault both stand behind.
pub mod conformance;
pub mod context;
pub mod embedded;
pub(crate) mod switch;
pub mod vault;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use granary_rpc::Reason;
use zeroize::Zeroizing;

pub use context::Context;
pub use embedded::Embedded;
pub use vault::Vault;

/// Longest wait for one operation of a store. An operation that takes longer is `Unavailable`.
pub const CALL: Duration = Duration::from_secs(5);
/// When to try again after the store has refused us; as with a sealed one, someone must act first.
const REFUSED: Duration = Duration::from_secs(10);
/// Records that are read at a time where several are asked for.
const AT_ONCE: usize = 64;
/// Most names that one `list` returns.
pub const MAX_LIST: usize = 1_000;
/// Longest data of one record, in bytes. Five credentials of the largest kind need a quarter of it.
pub const MAX_DATA: usize = 256 * 1024;

/// A versioned map from paths to small records, and a cipher whose keys never leave it.
///
/// Paths are segments separated by `/`; a segment is 1 to 200 characters of `A–Z a–z 0–9 . _ -`. Every operation ends
/// within [`CALL`].
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The record at a path.
    async fn get(&self, path: &str) -> Result<Option<Record>, Error>;

    /// The records at several paths, in their order. At most [`MAX_LIST`] of them. They need not be of one moment.
    async fn get_many(&self, paths: &[String]) -> Result<Vec<Option<Record>>, Error> {
        let mut records = Vec::with_capacity(paths.len());
        for chunk in paths.chunks(AT_ONCE) {
            let gets = chunk.iter().map(|path| self.get(path));
            records.extend(futures_util::future::try_join_all(gets).await?);
        }
        Ok(records)
    }

    /// Writes a record if what stands there is as expected, and returns its version. Once it returns, the write is durable.
    ///
    /// After `Unavailable` the write may have happened, or may still happen; who needs to know reads the record again.
    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error>;

    /// Removes a record with all that was ever in it. There being none is no error. A later record at the path may count
    /// its versions from the start again.
    async fn delete(&self, path: &str) -> Result<(), Error>;

    /// The names right below a prefix, records and folders alike, each once, in ascending order of their bytes: those after
    /// `after`, and at most `limit` ([`MAX_LIST`]) of them.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error>;

    /// Encrypts a value so that it opens under the same context only.
    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error>;

    /// Decrypts a value. `Corrupt`: it was changed, or sealed under another context.
    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error>;

    /// Seals a value anew under the newest key, for the same context.
    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal(context, &self.open(context, sealed).await?).await
    }

    /// Makes a new version of the key that values are sealed with. What is sealed opens as before.
    async fn rotate(&self) -> Result<(), Error>;

    /// Whether the store can serve now. Cheap; asked every second.
    async fn check(&self) -> Result<(), Error>;

    /// Ends the store in good order. Operations that follow are `Unavailable`.
    async fn close(&self);
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was put.
    pub data: Vec<u8>,
    /// The version, to be named in [`Expect::Version`]; at least 1.
    pub version: u64,
}

/// What must stand at a path for a put to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No record.
    Absent,
    /// A record of this version.
    Version(u64),
}

/// Why a store cannot serve, as far as that tells an operator what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Vault is sealed; someone must unseal it.
    Sealed,
    /// No server of Vault is active; a leader is being elected.
    Standby,
    /// Vault limits our rate.
    RateLimited,
    /// There is no connection, or it broke.
    Unreachable,
    /// No answer came in time.
    Slow,
    /// An answer came that is none.
    Unreadable,
    /// Vault takes neither our token nor what we log in with.
    LoggedOut,
    /// Everything is being moved to another store, and nothing may change meanwhile.
    Migrating,
    /// The disk, or the file on it, fails.
    Failing,
    /// The process ends.
    Closed,
}

impl Outage {
    /// Its name in errors and metrics.
    pub fn text(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Standby => "standby",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Unreadable => "unreadable",
            Self::LoggedOut => "logged_out",
            Self::Migrating => "migrating",
            Self::Failing => "failing",
            Self::Closed => "closed",
        }
    }

    /// What a caller is told.
    fn message(self) -> &'static str {
        match self {
            Self::Sealed => "the credential store is sealed; its operator must unseal it",
            Self::Standby => "the credential store has no leader at the moment",
            Self::RateLimited => "the credential store limits the rate of requests",
            Self::Unreachable => "the credential store cannot be reached",
            Self::Slow => "the credential store does not answer in time",
            Self::Unreadable => "the credential store answers what cannot be read",
            Self::LoggedOut => "the credential store does not let credential-vault in",
            Self::Migrating => "the credential store is being moved; nothing can be changed meanwhile",
            Self::Failing => "the credential store fails",
            Self::Closed => "the credential store is closing",
        }
    }
}

/// Why an operation of a store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be reached or is too slow. A put may have happened.
    #[error("the store is unavailable: {cause}")]
    Unavailable {
        /// How long to wait before a repeat.
        retry: Duration,
        /// What kind of outage it is.
        outage: Outage,
        /// What happened, for the operator.
        cause: String,
    },
    /// What stands at the path is not what was expected. Nothing was written.
    #[error("the record is not of the expected version")]
    Conflict,
    /// Data does not read back as what was written, or a value was sealed under another context or key.
    #[error("the store holds damaged data: {0}")]
    Corrupt(String),
    /// The store refuses us, or the operation.
    #[error("the store refuses the operation: {0}")]
    Denied(String),
}

impl Error {
    /// An outage of the store itself, to be tried again soon.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::out(Outage::Failing, cause)
    }

    /// An outage of a known kind, to be tried again soon.
    pub(crate) fn out(outage: Outage, cause: impl fmt::Display) -> Self {
        Self::Unavailable { retry: Duration::from_secs(1), outage, cause: cause.to_string() }
    }

    /// Its name in health and metrics.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Unavailable { outage, .. } => outage.text(),
            Self::Conflict => "conflict",
            Self::Corrupt(_) => "corrupt",
            Self::Denied(_) => "permission_denied",
        }
    }
}

impl From<Error> for granary_rpc::Error {
    fn from(error: Error) -> Self {
        let mapped = match &error {
            Error::Unavailable { retry, outage, .. } => Self::new(Reason::StoreUnavailable, outage.message())
                .with("cause", outage.text())
                .retry_after(*retry),
            Error::Conflict => Self::new(Reason::Overloaded, "too many writers change the same record")
                .retry_after(Duration::from_millis(200)),
            Error::Corrupt(_) => Self::new(Reason::Internal, "the credential store holds damaged data"),
            Error::Denied(_) => {
                Self::new(Reason::StoreUnavailable, "the credential store refused credential-vault")
                    .with("cause", error.text())
                    .retry_after(REFUSED)
            }
        };
        mapped.caused_by(error)
    }
}

/// Whether a path is one that every store can hold.
pub(crate) fn valid_path(path: &str) -> bool {
    path.len() <= 1_000 && path.split('/').all(valid_segment)
}

/// Refuses a path that not every store can hold.
fn check_path(path: &str) -> Result<(), Error> {
    if valid_path(path) { Ok(()) } else { Err(Error::Denied("a path that no store can hold".to_owned())) }
}

/// Refuses a record that is too large.
fn check_data(data: &[u8]) -> Result<(), Error> {
    let fits = data.len() <= MAX_DATA;
    if fits { Ok(()) } else { Err(Error::Denied(format!("a record has at most {MAX_DATA} bytes"))) }
}

fn valid_segment(segment: &str) -> bool {
    (1..=200).contains(&segment.len())
        && segment != "."
        && segment != ".."
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_a_store_could_misread_are_refused() {
        for good in ["a", "accounts/acme/0af/account", "system/page-token", "a/harvest_token.00ff"] {
            assert!(valid_path(good), "{good}");
        }
        for bad in ["", "/", "a/", "/a", "a//b", "a/../b", ".", "a b", "a/é", "a/%2e", "a\\b"] {
            assert!(!valid_path(bad), "{bad}");
        }
    }
}
