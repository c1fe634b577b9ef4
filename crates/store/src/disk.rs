//! What files that must not be lost ask of the disk.
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file beside another: its name with one more ending.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{end}"));
    path.with_file_name(name)
}

/// Whether there is no room for more.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}
