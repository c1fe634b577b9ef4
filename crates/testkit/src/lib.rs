//! Starts any mix of services as real processes, talks to them, and looks for secrets where none may be.
//!
//! For tests only: whatever does not work panics, with what the process wrote.
//!
//! ```no_run
//! # async fn test() {
//! let up = granary_testkit::Up::start().await;
//! let client = up.client();
//! client.account("user_ha_456").await;
//! # }
//! ```
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

pub mod canary;
pub mod client;
pub mod cluster;
pub mod disk;
pub mod envoy;
pub mod fault;
pub mod hostile;
pub mod impostor;
pub mod neighbours;
mod ports;
pub mod process;
pub mod recorded;
pub mod sandbox;
pub mod stub;
pub mod trial;
pub mod up;
pub mod vault;
pub mod wire;

pub use canary::Canary;
pub use client::Client;
pub use cluster::Cluster;
pub use disk::SmallDisk;
pub use envoy::Envoy;
pub use fault::{Fault, FaultProxy, Link};
pub use hostile::Hostile;
pub use impostor::{Deed, Impostor};
pub use neighbours::Neighbours;
pub use process::{Process, is_root};
pub use sandbox::Sandbox;
pub use up::Up;
pub use vault::{VaultCluster, VaultServer};

/// Writes a file that holds a secret, which nobody else may read or change.
pub fn write_secret(path: impl AsRef<std::path::Path>, text: impl AsRef<[u8]>) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// Where tools lie that are made once a machine: `granary` in the user's folder of caches.
fn cache() -> std::path::PathBuf {
    let folder =
        |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(std::path::PathBuf::from);
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    cache.unwrap_or_default().join("granary")
}
