//! Files that hold a secret: read only where nobody but their owner can change them, and not everybody can read them.
//!
//! Looked at is the real path, every directory of it included: whoever can write one of them can put another file in place. On a
//! file system that is mounted read-only a file may be readable by all, since Kubernetes projects secrets so.
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, fstatvfs};
use zeroize::Zeroizing;

const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o022;
const READABLE_BY_ALL: u32 = 0o004;
/// Longest file; a ring of keys or a chain of certificates is a small part of it.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a text file that holds a secret.
///
/// # Errors
/// Says what is wrong with the file and what mends it, never what it holds.
pub fn read_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = read(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("{} is no text", path.display()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads a file that holds a secret.
///
/// # Errors
/// Says what is wrong with the file and what mends it, never what it holds.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let cannot = |e: std::io::Error| format!("cannot read {}: {e}", path.display());
    let real = path.canonicalize().map_err(cannot)?;
    let mut file = fs::File::open(&real).map_err(cannot)?;
    let found = file.metadata().map_err(cannot)?;
    if !found.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let is_read_only = fstatvfs(&file).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY));
    let me = rustix::process::geteuid().as_raw();
    if let Some(fault) = file_fault(Owner::of(&found), me, is_read_only).or_else(|| place_fault(&real)) {
        return Err(format!("{} {fault}", path.display()));
    }
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(found.len().min(MAX_BYTES)).unwrap_or(0) + 1));
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{} is longer than 1 MiB", path.display()));
    }
    Ok(bytes)
}

/// What is wrong with the directories of a file that may not be there yet: somebody else can put another one in its place.
pub fn place_fault(path: &Path) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    let path = std::path::absolute(path).ok()?;
    let there = path.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok())?;
    there.ancestors().find_map(|folder| {
        let fault = folder_fault(Owner::of(&fs::metadata(folder).ok()?), me)?;
        Some(format!("lies in {}, which {fault}", folder.display()))
    })
}

/// Whose something is, and who may do what with it.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    mode: u32,
}

impl Owner {
    fn of(found: &Metadata) -> Self {
        Self { user: found.uid(), mode: found.mode() }
    }

    fn is_foreign(self, me: u32) -> bool {
        self.user != me && self.user != 0
    }
}

fn file_fault(file: Owner, me: u32, is_read_only: bool) -> Option<String> {
    if file.is_foreign(me) {
        return Some(format!(
            "belongs to user {}: it must belong to the user of this process, or to root",
            file.user
        ));
    }
    if file.mode & WRITABLE_BY_OTHERS != 0 {
        return Some(format!("can be changed by others (mode {:04o}): chmod go-w", file.mode & 0o7777));
    }
    if file.mode & READABLE_BY_ALL != 0 && !is_read_only {
        return Some(format!("can be read by everybody (mode {:04o}): chmod o-r", file.mode & 0o7777));
    }
    None
}

/// In a directory with the sticky bit, such as /tmp, nobody puts another file in place of one that is not theirs.
fn folder_fault(folder: Owner, me: u32) -> Option<String> {
    if folder.is_foreign(me) {
        return Some(format!("belongs to user {}", folder.user));
    }
    (folder.mode & WRITABLE_BY_OTHERS != 0 && folder.mode & STICKY == 0)
        .then(|| format!("others can write to (mode {:04o}): chmod go-w", folder.mode & 0o7777))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_the_owner_and_root_may_have_changed_it_and_not_everybody_read_it() {
        let is_taken = |user, mode, me, read_only| file_fault(Owner { user, mode }, me, read_only).is_none();
        for mode in [0o600, 0o400, 0o640, 0o440] {
            assert!(is_taken(7, mode, 7, false) && is_taken(0, mode, 7, false), "{mode:o}");
            assert!(!is_taken(8, mode, 7, false) && !is_taken(8, mode, 0, false), "{mode:o}");
        }
        for mode in [0o660, 0o602, 0o666, 0o620] {
            assert!(!is_taken(7, mode, 7, false) && !is_taken(7, mode, 7, true), "{mode:o}");
        }
        assert!(!is_taken(7, 0o644, 7, false) && is_taken(0, 0o644, 7, true));
        let is_taken = |user, mode| folder_fault(Owner { user, mode }, 7).is_none();
        assert!(is_taken(7, 0o755) && is_taken(0, 0o1777) && is_taken(7, 0o700));
        assert!(!is_taken(7, 0o777) && !is_taken(7, 0o775) && !is_taken(8, 0o755));
    }

    #[test]
    fn a_file_is_judged_by_its_real_path_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, link) = (dir.path().join("loose"), dir.path().join("link.key"));
        let path = folder.join("one.key");
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "canary").unwrap();
        symlink(&path, &link).unwrap();
        mode(&path, 0o600);
        assert_eq!(read_text(&link).unwrap().as_str(), "canary");
        mode(&folder, 0o777);
        let fault = read_text(&link).unwrap_err();
        assert!(fault.contains("loose") && fault.contains("chmod") && !fault.contains("canary"), "{fault}");
        mode(&folder, 0o755);
        mode(&path, 0o644);
        assert!(read_text(&link).unwrap_err().contains("chmod o-r"));
        mode(&path, 0o600);
        fs::write(&path, vec![b'a'; 1 << 21]).unwrap();
        assert!(read_text(&path).unwrap_err().contains("longer"));
        assert!(read_text(&folder).is_err() && read_text(&dir.path().join("none")).is_err());
    }
}
