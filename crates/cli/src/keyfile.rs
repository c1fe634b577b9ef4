//! Key files: made once, readable by their owner only.
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use granary_credential::Key;
use granary_server::PeerKey;

/// Makes a file with a fresh 32-byte key where there is none. Says whether it made one.
pub fn key(path: &Path) -> std::io::Result<bool> {
    create(path, &Key::random().to_base64())
}

/// Makes a file with a fresh peer key where there is none.
pub fn peer(path: &Path) -> std::io::Result<bool> {
    create(path, PeerKey::random().expose())
}

fn create(path: &Path, text: &str) -> std::io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
