//! What every service does alike: configuration, listeners, TLS, peers, telemetry, health, reflection,
//! and an orderly end.
//!
//! ```
//! use granary_server::{Callers, Server};
//!
//! let faults = Server::loopback(7103, None).validate("harvest_time.server", Callers::Services);
//! assert!(faults[0].contains("set harvest_time.server.peer_key_file"));
//! ```
pub mod admission;
pub mod channel;
pub mod config;
pub mod encoding;
pub mod files;
pub mod health;
pub mod http2;
pub mod limits;
pub mod listen;
pub mod logging;
pub mod memory;
pub mod metrics;
mod open_streams;
pub mod peer_key;
pub mod reflection;
pub mod server;
pub mod stack;
mod throttle;
pub mod tls;
mod unary;

pub use admission::{Admission, AdmissionLayer};
pub use channel::Peer;
pub use http2::{Incoming, Link, Listening, Outgoing, Pool, serve};
pub use limits::Limits;
pub use listen::Listen;
pub use open_streams::Connection;
pub use peer_key::PeerKey;
pub use server::{Callers, Open, Server};
pub use stack::{RequestId, Stack};
pub use tokio_util::sync::CancellationToken;
pub use unary::Unary;
