//! The file itself: its tables, how a record lies in it, and how it is opened.
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::cipher::Cipher;
use crate::{Context, Error, Record};

/// Records by key; a value begins with its version (eight bytes, big endian), the length of its mark (one) and the mark.
pub(super) const RECORDS: TableDefinition<'static, &'static str, &'static [u8]> =
    TableDefinition::new("records");
/// What the file says of itself.
pub(super) const ABOUT: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("about");
/// Stands for `/` in keys, and sorts before every character of a name: so a folder's records follow its name at once.
pub(super) const SEPARATOR: char = '\u{1}';
/// Sorts after everything below a name, and before the next name.
pub(super) const AFTER_SEPARATOR: char = '\u{2}';

const FORMAT: &[u8] = b"granary store 2";
const KEY_CHECK: &[u8] = b"the master key is right";
/// Bytes of pages that are kept in memory.
const CACHE: usize = 16 * 1024 * 1024;

/// Why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file was written under another master key.
    #[error("the master key is not the one that this store was written with")]
    WrongKey,
    /// Another process has it open.
    #[error("another process has the store open")]
    InUse,
    /// It is no store of ours.
    #[error("the file is not a store of this format")]
    Format,
    /// A value in it does not open, so that it cannot be sealed anew.
    #[error("a value at {path} does not open")]
    Damaged {
        /// Where it stands.
        path: String,
    },
    /// The file cannot be made or read.
    #[error("cannot open the store: {0}")]
    Io(#[from] std::io::Error),
    /// The database refuses the file.
    #[error("cannot open the store: {0}")]
    Database(#[from] Box<redb::Error>),
}

/// Opens or makes the file, and checks that the cipher's key belongs to it.
pub(super) fn open(path: &Path, cipher: &Cipher) -> Result<Database, OpenError> {
    private(path)?;
    let database = Builder::new().set_cache_size(CACHE).create(path).map_err(|error| match error {
        redb::DatabaseError::DatabaseAlreadyOpen => OpenError::InUse,
        redb::DatabaseError::Storage(redb::StorageError::Io(io))
            if io.kind() == std::io::ErrorKind::InvalidData =>
        {
            OpenError::Format
        }
        other => database_error(other),
    })?;
    let read = database.begin_read().map_err(database_error)?;
    match read.open_table(ABOUT) {
        Ok(table) => {
            let about = |name: &str| table.get(name).map_err(database_error);
            if about("format")?.is_none_or(|format| format.value() != FORMAT) {
                return Err(OpenError::Format);
            }
            let sealed = about("key_check")?.ok_or(OpenError::Format)?;
            let plain = cipher.open(&Context::system("key-check"), sealed.value());
            if plain.map_or(true, |plain| plain.as_slice() != KEY_CHECK) {
                return Err(OpenError::WrongKey);
            }
        }
        Err(redb::TableError::TableDoesNotExist(_)) => {
            let write = database.begin_write().map_err(database_error)?;
            write.open_table(RECORDS).map_err(database_error)?;
            describe(&write, cipher)?;
            write.commit().map_err(database_error)?;
        }
        Err(other) => return Err(database_error(other)),
    }
    Ok(database)
}

/// Writes the format and the key check value.
pub(super) fn describe(write: &redb::WriteTransaction, cipher: &Cipher) -> Result<(), OpenError> {
    let sealed = cipher.seal(&Context::system("key-check"), KEY_CHECK).map_err(std::io::Error::other)?;
    let mut about = write.open_table(ABOUT).map_err(database_error)?;
    about.insert("format", FORMAT).map_err(database_error)?;
    about.insert("key_check", sealed.as_slice()).map_err(database_error)?;
    Ok(())
}

/// The key of a path.
pub(super) fn key_of(path: &str) -> String {
    path.replace('/', "\u{1}")
}

/// The path of a key.
pub(super) fn path_of(key: &str) -> String {
    key.replace(SEPARATOR, "/")
}

/// Reads one record.
pub(super) fn read_record(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    path: &str,
) -> Result<Option<Record>, Error> {
    let Some(found) = table.get(key_of(path).as_str()).map_err(Error::unavailable)? else { return Ok(None) };
    decode_record(found.value())
        .map(Some)
        .ok_or_else(|| Error::Corrupt("a record without a version".to_owned()))
}

/// A record from how it lies in the table.
pub(super) fn decode_record(bytes: &[u8]) -> Option<Record> {
    let (version, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first()?;
    let (mark, data) = rest.split_at_checked(usize::from(*length))?;
    let mark = Some(String::from_utf8(mark.to_vec()).ok()?).filter(|mark| !mark.is_empty());
    Some(Record { data: data.to_vec(), version: u64::from_be_bytes(*version), mark })
}

/// A record as it lies in the table.
pub(super) fn encode_record(record: &Record) -> Vec<u8> {
    let mark = record.mark.as_deref().unwrap_or_default().as_bytes();
    let mut bytes = Vec::with_capacity(9 + mark.len() + record.data.len());
    bytes.extend_from_slice(&record.version.to_be_bytes());
    // A mark is a segment of a path, and those are shorter than this.
    bytes.push(u8::try_from(mark.len()).unwrap_or_default());
    bytes.extend_from_slice(mark);
    bytes.extend_from_slice(&record.data);
    bytes
}

pub(super) fn database_error(error: impl Into<redb::Error>) -> OpenError {
    OpenError::Database(Box::new(error.into()))
}

/// Makes the file for its owner alone, or takes the others' rights away.
fn private(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}
