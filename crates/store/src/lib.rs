//! Keeps versioned records and seals values: one trait, [`Store`], with two implementations, [`Embedded`] (one encrypted file) and
//! [`HashiCorp`] (a KV and a transit engine of HashiCorp Vault, made by [`bootstrap`]).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use granary_store::{Context, Embedded, Expect, Store};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("store.redb");
//! let store = Embedded::open(&path, &granary_credential::Key::random())?;
//! let context = Context::system("page-token");
//! let sealed = store.seal(&context, b"a secret").await?;
//! let version = store.put("system/page-token", sealed, Expect::Absent).await?;
//! let record = store.get("system/page-token").await?.ok_or("no record")?;
//! assert_eq!(record.version, version);
//! assert_eq!(store.open(&context, &record.data).await?.as_slice(), b"a secret");
//! # Ok(())
//! # }
//! ```
pub mod bootstrap;
pub mod context;
pub mod disk;
pub mod embedded;
mod error;
pub mod hashicorp;
pub mod walk;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

pub use context::Context;
pub use embedded::Embedded;
pub use error::{Error, Outage, Refusal};
pub use hashicorp::HashiCorp;

/// Longest wait for one operation of a store. An operation that takes longer is `Unavailable`.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Records that are read at a time where several are asked for.
const AT_ONCE: usize = 64;
/// Most names that one `list` returns.
pub const MAX_LIST: usize = 1_000;
/// Longest data of one record, in bytes. Five credentials of the largest kind need a quarter of it.
pub const MAX_DATA: usize = 256 * 1024;

/// A versioned map from paths to small records, and a cipher whose keys never leave it.
///
/// Paths are segments separated by `/`; a segment is 1 to 200 characters of `A–Z a–z 0–9 . _ -`. Every operation ends
/// within [`CALL_TIMEOUT`].
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The record at a path.
    async fn get(&self, path: &str) -> Result<Option<Record>, Error>;

    /// The records at several paths, in their order. At most [`MAX_LIST`] of them. They need not be of one moment. One that is
    /// not ours is passed over, as if it were not there.
    async fn get_many(&self, paths: &[String]) -> Result<Vec<Option<Record>>, Error> {
        let mut records = Vec::with_capacity(paths.len());
        for chunk in paths.chunks(AT_ONCE) {
            let gets = chunk.iter().map(|path| async move { pass_over(self.get(path).await) });
            records.extend(futures_util::future::try_join_all(gets).await?);
        }
        Ok(records)
    }

    /// Writes a record if what stands there is as expected, and returns its version. Once it returns, the write is durable.
    ///
    /// After `Unavailable` the write may have happened, or may still happen; who needs to know reads the record again.
    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error>;

    /// Sets the mark of a record, or takes it away, if the record is of this version, and returns its new version. What the
    /// record holds stays, whatever that is; a put takes the mark away. A mark is a segment of a path.
    ///
    /// After `Unavailable` the mark may have been set, or may still be.
    async fn mark(&self, path: &str, mark: Option<&str>, version: u64) -> Result<u64, Error>;

    /// Writes a record that was not there, with its mark.
    async fn create(&self, path: &str, data: Vec<u8>, mark: &str) -> Result<u64, Error> {
        let version = self.put(path, data, Expect::Absent).await?;
        self.mark(path, Some(mark), version).await
    }

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

    /// Seals a value anew under the newest key, for the same context; `None` where it is sealed under that already.
    async fn rewrap(&self, context: &Context, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.seal(context, &self.open(context, sealed).await?).await.map(Some)
    }

    /// Destroys what a record held before, where the store kept it though it should not; how many versions that were.
    async fn destroy_old(&self, _path: &str) -> Result<u64, Error> {
        Ok(0)
    }

    /// Whether other processes may use it at the same time.
    fn is_shared(&self) -> bool {
        false
    }

    /// Makes a new version of the key that values are sealed with. What is sealed opens as before.
    async fn rotate(&self) -> Result<(), Error>;

    /// Whether the store can serve now. Cheap; asked every second.
    async fn check(&self) -> Result<(), Error>;

    /// Ends the store in good order. Operations that follow are `Unavailable`.
    async fn close(&self);
}

/// Takes a record that is not ours for none, and tells where it is.
///
/// # Errors
/// As those of the read, but for [`Error::Foreign`].
pub fn pass_over<T>(read: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(Error::Foreign(path)) => {
            tracing::warn!(path, "a record that is not ours is passed over");
            Ok(None)
        }
        read => read,
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was put.
    pub data: Vec<u8>,
    /// The version, to be named in [`Expect::Version`]; at least 1.
    pub version: u64,
    /// What it was marked with since it was put.
    pub mark: Option<String>,
}

/// What must stand at a path for a put to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No record.
    Absent,
    /// A record of this version.
    Version(u64),
}

/// Whether a path is one that every store can hold.
pub(crate) fn valid_path(path: &str) -> bool {
    path.len() <= 1_000 && path.split('/').all(valid_segment)
}

/// Refuses a path that not every store can hold.
fn check_path(path: &str) -> Result<(), Error> {
    if valid_path(path) { Ok(()) } else { Err(Error::Denied("a path that no store can hold".to_owned())) }
}

/// Refuses a mark that not every store can hold.
fn check_mark(mark: Option<&str>) -> Result<(), Error> {
    let fits = mark.is_none_or(valid_segment);
    if fits { Ok(()) } else { Err(Error::Denied("a mark that no store can hold".to_owned())) }
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
