//! Changes of records, and how many of them become one durable commit.
use redb::{Database, ReadableTable};
use tokio::sync::oneshot;

use super::file::{RECORDS, encode_record, key_of, read_record};
use crate::{Error, Expect, Record};

/// One change of one record.
#[derive(Debug)]
pub(super) enum Change {
    Put { path: String, data: Vec<u8>, expect: Expect },
    Mark { path: String, mark: Option<String>, version: u64 },
    Delete { path: String },
}

/// A change, and who waits for it.
pub(super) type Waiting = (Change, oneshot::Sender<Result<u64, Error>>);

/// Applies a batch in one transaction: a version for each change, `None` for one whose expectation failed.
pub(super) fn commit(database: &Database, batch: &[Waiting]) -> Result<Vec<Option<u64>>, redb::Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let write = database.begin_write()?;
    let mut results = Vec::with_capacity(batch.len());
    {
        let mut table = write.open_table(RECORDS)?;
        for (change, _) in batch {
            let (path, after) = match change {
                Change::Delete { path } => {
                    table.remove(key_of(path).as_str())?;
                    results.push(Some(0));
                    continue;
                }
                Change::Put { path, data, expect } => (path, put(current(&table, path)?, data, *expect)),
                Change::Mark { path, mark, version } => {
                    (path, marked(current(&table, path)?, mark, *version))
                }
            };
            if let Some(record) = &after {
                table.insert(key_of(path).as_str(), encode_record(record).as_slice())?;
            }
            results.push(after.map(|record| record.version));
        }
    }
    write.commit()?;
    Ok(results)
}

/// What a put makes of a record.
fn put(current: Option<Record>, data: &[u8], expect: Expect) -> Option<Record> {
    let version = current.map(|record| record.version);
    let fits = match expect {
        Expect::Absent => version.is_none(),
        Expect::Version(expected) => version == Some(expected),
    };
    fits.then(|| Record { data: data.to_vec(), version: version.unwrap_or_default() + 1, mark: None })
}

/// What a mark makes of a record.
fn marked(current: Option<Record>, mark: &Option<String>, version: u64) -> Option<Record> {
    let record = current.filter(|record| record.version == version)?;
    Some(Record { version: version + 1, mark: mark.clone(), ..record })
}

fn current(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    path: &str,
) -> Result<Option<Record>, redb::Error> {
    read_record(table, path).map_err(|error| redb::Error::Corrupted(error.to_string()))
}
