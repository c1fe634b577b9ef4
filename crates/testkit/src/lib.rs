//! Starts any mix of services as real processes, talks to them, and looks for secrets where none may be.
//!
//! For tests only: whatever does not work panics, with what the process wrote.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod canary;
pub mod client;
pub mod cluster;
pub mod disk;
pub mod fault;
pub mod process;
pub mod sandbox;
pub mod up;
pub mod vault;

pub use canary::Canary;
pub use client::Client;
pub use cluster::Cluster;
pub use disk::SmallDisk;
pub use fault::{Fault, FaultProxy, Link};
pub use process::Process;
pub use sandbox::Sandbox;
pub use up::Up;
pub use vault::{VaultCluster, VaultServer};
