//! Where the Vault server's program lies.
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

const HOW: &str = "Set GRANARY_TEST_VAULT to a vault or bao program, or put one on the PATH, or build one with Go: \
                   `tests/vault-server/build` (five minutes, once)";

/// The program: `GRANARY_TEST_VAULT`, else the one that `tests/vault-server/build` made, else `vault` or `bao` on the
/// PATH.
///
/// # Panics
/// Where there is none: a test that needs Vault fails without it, and is never skipped.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("GRANARY_TEST_VAULT").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "GRANARY_TEST_VAULT names {}, which is no file. {HOW}", path.display());
        return path;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).flat_map(|dir| ["vault", "bao"].map(|name| dir.join(name)));
    std::iter::once(built())
        .chain(installed)
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("there is no Vault server to test with. {HOW}"))
}

/// Named after its dependencies, so that a change of them is a new build.
fn built() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let sum = std::fs::read(tests.join("vault-server/go.sum")).expect("its go.sum");
    let hash = HEXLOWER.encode(&Sha256::digest(sum));
    crate::cache().join(format!("vault-{}", &hash[..12]))
}
