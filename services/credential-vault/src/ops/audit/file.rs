//! The file of the log: opened for its owner alone, exchanged once it is large, or when someone has moved it away.
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use granary_store::disk::beside;

use super::Rotation;

/// An open file. Its last line may be torn, where a process was killed or a disk was full.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    rotation: Rotation,
    size: u64,
    torn: bool,
    /// A pipe or a device is neither closed to others nor rotated.
    regular: bool,
    /// Something was written since it was last synced.
    dirty: bool,
}

impl LogFile {
    pub(super) fn open(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = appending(path)?;
        let about = file.metadata()?;
        let (size, regular) = (about.len(), about.is_file());
        if regular && about.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        let torn = regular && size > 0 && !ends_with_line(path, size)?;
        Ok(Self { path: path.to_owned(), file, rotation, size, torn, regular, dirty: false })
    }

    /// Whether a line of so many bytes belongs into the next file, after `pending` bytes that are still to be written.
    pub(super) fn is_full_for(&self, line: usize, pending: usize) -> bool {
        let (max, before) = (self.rotation.max_bytes, self.size + pending as u64);
        self.regular && max > 0 && before > 0 && before + line as u64 > max
    }

    /// Writes some of these bytes. A torn line of before is ended first.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.torn {
            self.file.write_all(b"\n")?;
            self.size += 1;
            self.torn = false;
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        self.dirty |= written > 0;
        if written == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(written) }
    }

    /// Puts what was written on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        // Others may have cut it short.
        self.size = self.file.metadata()?.len();
        if self.dirty && self.regular {
            self.file.sync_data()?;
        }
        self.dirty = false;
        Ok(())
    }

    /// Goes on in what stands under the name now.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        let fresh = Self::open(&self.path, self.rotation)?;
        if let Err(error) = self.sync() {
            tracing::error!(%error, "cannot sync the audit log that was moved away");
        }
        *self = fresh;
        Ok(())
    }

    /// Moves the file to `NAME.1`, those before it one further, and goes on in a new one. What cannot be moved stays, and the
    /// file with it.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        let fresh_path = self.beside("new");
        let fresh = appending(&fresh_path)?;
        let renamed = self.shift().and_then(|()| {
            rename(&self.path, &self.beside("1"))?;
            rename(&fresh_path, &self.path)
        });
        if let Err(error) = renamed {
            // An error here: it is empty, and in nobody's way.
            let _ = fs::remove_file(&fresh_path);
            return Err(error);
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        (self.file, self.size, self.torn) = (fresh, 0, false);
        Ok(())
    }

    /// Makes room for `NAME.1`: the files up to the first gap move one further, and the one too many goes.
    fn shift(&self) -> io::Result<()> {
        let taken = (1..=self.rotation.files).take_while(|n| self.beside(&n.to_string()).exists()).count();
        for number in (1..=u32::try_from(taken).unwrap_or(u32::MAX)).rev() {
            let from = self.beside(&number.to_string());
            if number == self.rotation.files {
                fs::remove_file(from)?;
            } else {
                rename(&from, &self.beside(&(number + 1).to_string()))?;
            }
        }
        Ok(())
    }

    fn beside(&self, end: &str) -> PathBuf {
        beside(&self.path, end)
    }
}

fn appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn ends_with_line(path: &Path, size: u64) -> io::Result<bool> {
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, size - 1)?;
    Ok(last == *b"\n")
}

/// Moves a file, which may have been moved by others meanwhile.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_others_could_read_is_closed_to_them_and_a_torn_line_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        fs::write(&path, "{\"whole\":1}\n{\"tor").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let mut file = LogFile::open(&path, Rotation::default()).unwrap();
        assert_eq!(file.write(b"{\"next\":1}\n").unwrap(), 11);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"whole\":1}\n{\"tor\n{\"next\":1}\n");
    }

    #[test]
    fn so_many_files_are_kept_and_a_gap_costs_none_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut file = LogFile::open(&path, Rotation { max_bytes: 4, files: 3 }).unwrap();
        let read = |end: &str| fs::read_to_string(dir.path().join(format!("audit.jsonl{end}"))).ok();
        for text in ["a\n", "b\n", "c\n", "d\n", "e\n"] {
            file.write(text.as_bytes()).unwrap();
            assert!(file.is_full_for(3, 0) && !file.is_full_for(2, 0) && file.is_full_for(2, 1));
            file.rotate().unwrap();
        }
        let kept = ["", ".1", ".2", ".3", ".4", ".new"].map(read);
        let expected = [Some(""), Some("e\n"), Some("d\n"), Some("c\n"), None, None];
        assert_eq!(kept, expected.map(|text| text.map(str::to_owned)));
        fs::remove_file(dir.path().join("audit.jsonl.1")).unwrap();
        file.write(b"f\n").unwrap();
        file.rotate().unwrap();
        assert_eq!(
            (read(".1").unwrap(), read(".2").unwrap(), read(".3").unwrap()),
            ("f\n".into(), "d\n".into(), "c\n".into())
        );
    }
}
