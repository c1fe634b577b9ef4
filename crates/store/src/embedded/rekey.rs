//! Seals everything anew under another master key. The store is written to a new file that then takes the old one's place:
//! either all of it happens or nothing, and no page that was sealed under the old key stays behind in the file.
use std::fs::{File, remove_file, rename};
use std::path::Path;

use granary_credential::Key;
use redb::{Database, ReadableDatabase, ReadableTable};

use super::cipher::Cipher;
use super::file::{self, OpenError, RECORDS, database_error, decode_record, encode_record, path_of};
use crate::Context;
use crate::disk::beside;

/// Seals one value anew for its place; `None` where it does not open.
pub type Reseal<'a> = &'a mut dyn FnMut(&Context, &[u8]) -> Option<Vec<u8>>;

/// Changes the master key of a store that no process has open. Returns the number of values that were sealed anew.
///
/// `each` is given the path and the data of every record, and returns the data with every sealed value in it replaced by what
/// [`Reseal`] makes of it: only whoever writes the records knows where in them the values are. `None`: the record is damaged.
///
/// # Errors
/// As for opening; and the path of the first value that does not open, in which case nothing was changed.
pub fn rekey(
    path: &Path,
    old: &Key,
    new: &Key,
    each: impl Fn(&str, &[u8], Reseal<'_>) -> Option<Vec<u8>>,
) -> Result<usize, OpenError> {
    if !path.exists() {
        return Err(OpenError::Io(std::io::ErrorKind::NotFound.into()));
    }
    // The old file stays open, and so locked, until the new one has taken its place.
    let (old, new) = (Cipher::new(old), Cipher::new(new));
    let from = file::open(path, &old)?;
    let fresh = beside(path, "rekey");
    if fresh.exists() {
        remove_file(&fresh)?;
    }
    let copied = file::open(&fresh, &new).and_then(|to| copy(&from, &old, &to, &new, each));
    match copied {
        Ok(count) => {
            File::open(&fresh)?.sync_all()?;
            rename(&fresh, path)?;
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
            Ok(count)
        }
        Err(error) => {
            remove_file(&fresh)?;
            Err(error)
        }
    }
}

fn copy(
    from: &Database,
    old: &Cipher,
    to: &Database,
    new: &Cipher,
    each: impl Fn(&str, &[u8], Reseal<'_>) -> Option<Vec<u8>>,
) -> Result<usize, OpenError> {
    let read = from.begin_read().map_err(database_error)?;
    let before = read.open_table(RECORDS).map_err(database_error)?;
    let write = to.begin_write().map_err(database_error)?;
    let mut count = 0;
    let mut reseal = |context: &Context, value: &[u8]| {
        count += 1;
        let plain = old.open(context, value).ok()?;
        new.seal(context, &plain).ok()
    };
    {
        let mut after = write.open_table(RECORDS).map_err(database_error)?;
        for entry in before.iter().map_err(database_error)? {
            let (key, value) = entry.map_err(database_error)?;
            let path = path_of(key.value());
            let damaged = || OpenError::Damaged { path: path.clone() };
            let mut record = decode_record(value.value()).ok_or_else(damaged)?;
            // Only what is sealed changes, so the mark stays, and the version that a writer may expect.
            record.data = each(&path, &record.data, &mut reseal).ok_or_else(damaged)?;
            after.insert(key.value(), encode_record(&record).as_slice()).map_err(database_error)?;
        }
    }
    write.commit().map_err(database_error)?;
    Ok(count)
}
