//! The embedded store: one redb file, every value in it sealed under a key derived from the master key.
//!
//! Metadata (identifiers, states, times, hashes) stands in the clear; values and system keys do not. One thread writes,
//! and puts what waits for it into one durable commit. After its file has failed, the store opens it again by itself.
mod access;
mod cipher;
mod commit;
mod file;
pub mod master;
mod recover;
mod rekey;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use granary_credential::Key;
use redb::{Database, ReadableDatabase, ReadableTable};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{
    CALL_TIMEOUT, Context, Error, Expect, MAX_LIST, Outage, Record, Store, check_data, check_mark, check_path,
};
use access::Access;
use cipher::Cipher;
use commit::Change;
use file::{AFTER_SEPARATOR, RECORDS, SEPARATOR, key_of, read_record};
use writer::Writer;

pub use file::OpenError;
pub use rekey::{Reseal, rekey};

/// Reads under way at a time; more wait.
const READERS: usize = 64;

/// The embedded store.
pub struct Embedded {
    access: Arc<Access>,
    writer: Writer,
    cipher: Cipher,
    readers: Semaphore,
}

impl Embedded {
    /// Opens the file, or makes it where there is none.
    ///
    /// # Errors
    /// Tells a wrong master key, a file in use and a file that is no store apart.
    pub fn open(path: &Path, master_key: &Key) -> Result<Self, OpenError> {
        let cipher = Cipher::new(master_key);
        let access = Arc::new(Access::new(Arc::new(file::open(path, &cipher)?)));
        let writer = Writer::start(path, &cipher, &access).map_err(OpenError::Io)?;
        Ok(Self { access, writer, cipher, readers: Semaphore::new(READERS) })
    }

    /// Runs a read on a thread that may block, within the time that an operation has.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let timed = async {
            let _permit = self.readers.acquire().await.map_err(Error::unavailable)?;
            let database = self.access.read()?;
            tokio::task::spawn_blocking(move || work(&database)).await.map_err(Error::unavailable)?
        };
        let outcome = tokio::time::timeout(CALL_TIMEOUT, timed)
            .await
            .map_err(|_| Error::out(Outage::Slow, "a read took too long"))?;
        if matches!(outcome, Err(Error::Unavailable { outage: Outage::Failing, .. })) {
            self.writer.suspect();
        }
        outcome
    }
}

#[async_trait]
impl Store for Embedded {
    async fn get(&self, path: &str) -> Result<Option<Record>, Error> {
        let mut records = self.get_many(&[path.to_owned()]).await?;
        Ok(records.pop().flatten())
    }

    async fn get_many(&self, paths: &[String]) -> Result<Vec<Option<Record>>, Error> {
        paths.iter().try_for_each(|path| check_path(path))?;
        let paths = paths.to_vec();
        self.read(move |database| {
            let read = database.begin_read().map_err(Error::unavailable)?;
            let table = read.open_table(RECORDS).map_err(Error::unavailable)?;
            paths.iter().map(|path| read_record(&table, path)).collect()
        })
        .await
    }

    async fn put(&self, path: &str, data: Vec<u8>, expect: Expect) -> Result<u64, Error> {
        check_path(path)?;
        check_data(&data)?;
        self.writer.send(Change::Put { path: path.to_owned(), data, expect }).await
    }

    async fn mark(&self, path: &str, mark: Option<&str>, version: u64) -> Result<u64, Error> {
        check_path(path)?;
        check_mark(mark)?;
        let mark = mark.map(str::to_owned);
        self.writer.send(Change::Mark { path: path.to_owned(), mark, version }).await
    }

    async fn delete(&self, path: &str) -> Result<(), Error> {
        check_path(path)?;
        self.writer.send(Change::Delete { path: path.to_owned() }).await.map(drop)
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Error> {
        check_path(prefix)?;
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.read(move |database| {
            let read = database.begin_read().map_err(Error::unavailable)?;
            let table = read.open_table(RECORDS).map_err(Error::unavailable)?;
            children(&table, &prefix, after.as_deref(), limit.min(MAX_LIST))
        })
        .await
    }

    async fn seal(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.cipher.seal(context, plain)
    }

    async fn open(&self, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.cipher.open(context, sealed)
    }

    async fn rotate(&self) -> Result<(), Error> {
        Err(Error::Unsupported(
            "the embedded store has one master key, which granary store rekey changes, while credential-vault does not run",
        ))
    }

    async fn check(&self) -> Result<(), Error> {
        self.access.write().map(drop)
    }

    async fn close(&self) {
        self.writer.close().await;
        self.access.take(Outage::Closed);
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded(masked)")
    }
}

/// Names one level below a prefix. After each name the cursor jumps over all that lies below it, so that the work is
/// proportional to the names returned and not to the records below them.
fn children(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let prefix = format!("{}{SEPARATOR}", key_of(prefix));
    let beyond = |name: &str| format!("{prefix}{name}{AFTER_SEPARATOR}");
    let mut names: Vec<String> = Vec::new();
    let mut from = after.map_or_else(|| prefix.clone(), beyond);
    while names.len() < limit {
        let mut range = table.range(from.as_str()..).map_err(Error::unavailable)?;
        let Some(entry) = range.next() else { break };
        let (key, _) = entry.map_err(Error::unavailable)?;
        let Some(rest) = key.value().strip_prefix(&prefix) else { break };
        let name = rest.split(SEPARATOR).next().unwrap_or_default().to_owned();
        from = beyond(&name);
        names.push(name);
    }
    Ok(names)
}
