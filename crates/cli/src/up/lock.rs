//! One `granary up` at a time in a state directory: whoever comes second is told who has it.
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::exit::Failure;

/// The file that is locked; it holds the process id of whoever locked it last.
const NAME: &str = "lock";

/// The lock of a state directory, held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock.
    pub(super) fn take(root: &Path) -> Result<Self, Failure> {
        let path = root.join(NAME);
        let cannot =
            |e: std::io::Error| Failure::configuration(format!("cannot lock {}: {e}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::configuration(format!(
                    "{} has the state in {}; end it, or give this one a directory of its own: --state-dir DIR",
                    told(&mut file),
                    root.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(cannot)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        release(&self.file);
    }
}

/// Names the `granary up` that has the state directory of a store; `None` where none has it.
pub fn holder(store: &Path) -> Option<String> {
    let mut file = File::open(store.parent()?.join(NAME)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(told(&mut file)),
        Ok(()) => {
            release(&file);
            None
        }
        Err(TryLockError::Error(_)) => None,
    }
}

/// Gives the lock up at once. Without it, a process that is being started elsewhere in this one, and has a copy of every open file
/// until its program runs, would hold the lock for as long.
fn release(file: &File) {
    // What cannot be unlocked is so when the file is closed.
    let _ = file.unlock();
}

fn told(file: &mut File) -> String {
    let mut text = String::new();
    // It may be read while it is written.
    let process = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    match process {
        Some(process) => format!("another `granary up` (process {process})"),
        None => "another `granary up`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_who_has_the_state_and_may_have_it_afterwards() {
        let root = std::env::temp_dir().join(format!("granary-lock-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let store = root.join("store.redb");
        assert_eq!(holder(&store), None);
        let first = Lock::take(&root).unwrap();
        // As a process has it that is being started meanwhile.
        let _copy = first.file.try_clone().unwrap();
        let failure = Lock::take(&root).unwrap_err();
        let me = format!("another `granary up` (process {})", std::process::id());
        assert!(failure.code() == 3 && failure.text().contains(&me), "{}", failure.text());
        assert_eq!(holder(&store), Some(me));
        drop(first);
        assert_eq!(holder(&store), None);
        Lock::take(&root).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
    }
}
