//! What survives a restart.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use redb::{Database, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};

use super::sync::lock;
use crate::error::Error;

/// What survives a restart. Changes wait in memory until the next [`Store::flush`]; without a folder nothing is kept.
pub(crate) struct Store {
    database: Option<Database>,
    /// Every table that there is; they all exist as soon as the store is open.
    tables: Vec<Table>,
    waiting: Mutex<HashMap<(Table, String), Vec<u8>>>,
    /// One writer at a time, so that an older batch cannot overtake a reset.
    writing: Mutex<()>,
}

/// A table by the name that it has on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Table(pub(crate) &'static str);

/// Bytes of the page cache; rows are small JSON texts.
const PAGE_CACHE: usize = 1 << 20;

impl Store {
    pub(crate) fn open(folder: Option<&Path>, tables: Vec<Table>) -> Result<Self, Error> {
        let database = folder.map(|folder| open(folder, &tables)).transpose()?;
        Ok(Self { database, tables, waiting: Mutex::new(HashMap::new()), writing: Mutex::new(()) })
    }

    pub(crate) fn put<T: Serialize>(&self, table: Table, key: &str, value: &T) {
        if self.database.is_some()
            && let Ok(bytes) = serde_json::to_vec(value)
        {
            lock(&self.waiting).insert((table, key.to_owned()), bytes);
        }
    }

    pub(crate) fn all<T: for<'de> Deserialize<'de>>(&self, table: Table) -> Vec<(String, T)> {
        self.starting_with(table, "")
    }

    /// Rows whose key starts so; only what was flushed.
    pub(crate) fn starting_with<T: for<'de> Deserialize<'de>>(
        &self,
        table: Table,
        prefix: &str,
    ) -> Vec<(String, T)> {
        let Some(database) = &self.database else { return Vec::new() };
        let read = || -> Result<Vec<(String, T)>, redb::Error> {
            let transaction = database.begin_read()?;
            let opened = transaction.open_table(table.definition())?;
            let mut rows = Vec::new();
            for row in opened.range(prefix..)? {
                let (key, value) = row?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                match serde_json::from_slice(value.value()) {
                    Ok(parsed) => rows.push((key.value().to_owned(), parsed)),
                    Err(error) => tracing::warn!(table = table.0, %error, "a kept row cannot be read"),
                }
            }
            Ok(rows)
        };
        read().unwrap_or_else(|error| {
            tracing::warn!(table = table.0, %error, "kept state cannot be read");
            Vec::new()
        })
    }

    /// Writes what waits, durably. On a failure it waits on.
    pub(crate) fn flush(&self) {
        let Some(database) = &self.database else { return };
        let _one = lock(&self.writing);
        let batch = std::mem::take(&mut *lock(&self.waiting));
        if batch.is_empty() {
            return;
        }
        if let Err(error) = write(database, &self.tables, &batch) {
            tracing::warn!(%error, "state cannot be written");
            let mut waiting = lock(&self.waiting);
            for (key, value) in batch {
                waiting.entry(key).or_insert(value);
            }
        }
    }

    pub(crate) fn clear(&self) {
        let Some(database) = &self.database else { return };
        let _one = lock(&self.writing);
        lock(&self.waiting).clear();
        let wipe = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            for table in &self.tables {
                transaction.delete_table(table.definition())?;
                transaction.open_table(table.definition())?;
            }
            Ok(transaction.commit()?)
        };
        if let Err(error) = wipe() {
            tracing::warn!(%error, "kept state cannot be cleared");
        }
    }
}

impl Table {
    fn definition(self) -> TableDefinition<'static, &'static str, &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

fn open(folder: &Path, tables: &[Table]) -> Result<Database, Error> {
    let path = folder.join("sandbox.redb");
    let fail = |reason: String| Error::State { path: path.display().to_string(), reason };
    std::fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
    let database = Database::builder()
        .set_cache_size(PAGE_CACHE)
        .create(&path)
        .map_err(|error| fail(error.to_string()))?;
    let create = || -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        for table in tables {
            transaction.open_table(table.definition())?;
        }
        Ok(transaction.commit()?)
    };
    create().map_err(|error| fail(error.to_string()))?;
    Ok(database)
}

fn write(
    database: &Database,
    tables: &[Table],
    batch: &HashMap<(Table, String), Vec<u8>>,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for table in tables {
        let mut opened = transaction.open_table(table.definition())?;
        for ((_, key), value) in batch.iter().filter(|((at, _), _)| at == table) {
            opened.insert(key.as_str(), value.as_slice())?;
        }
    }
    Ok(transaction.commit()?)
}
