//! The master key: 32 bytes in base64, from a file or from the environment.
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use granary_credential::{Key, key_file};
use zeroize::Zeroizing;

/// The environment variable that is read where no file is configured.
pub const VARIABLE: &str = "GRANARY_MASTER_KEY";

/// Reads the key.
///
/// # Errors
/// Says what is missing or ill-formed, never what was found.
pub fn read(file: Option<&Path>) -> Result<Key, String> {
    let (text, source) = match file {
        Some(path) => {
            let text = key_file::read_text(path).map_err(|fault| format!("the master key file: {fault}"))?;
            (text, path.display().to_string())
        }
        None => {
            let text = std::env::var(VARIABLE)
                .map_err(|_| format!("no master key: name a master_key_file, or set {VARIABLE}"))?;
            (Zeroizing::new(text), VARIABLE.to_owned())
        }
    };
    Key::from_base64(&text).ok_or_else(|| format!("{source} does not hold 32 bytes in base64"))
}

/// Writes a fresh random key to a new file that only its owner can read; ticket rings start with such a file, too.
///
/// # Errors
/// The file exists already, or cannot be written.
pub fn create_file(path: &Path) -> std::io::Result<Key> {
    let key = Key::random();
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.to_base64().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_reads_back_and_a_bad_one_is_named_but_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        assert_eq!(create_file(&path).unwrap(), read(Some(&path)).unwrap());
        assert!(create_file(&path).is_err());
        std::fs::write(&path, "not-a-key").unwrap();
        let fault = read(Some(&path)).unwrap_err();
        assert!(fault.contains("master.key") && !fault.contains("not-a-key"), "{fault}");
    }
}
