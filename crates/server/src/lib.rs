//! What every service does alike: configuration, listeners, TLS, edges between services, telemetry, health, reflection,
//! and an orderly end.
pub mod admission;
pub mod channel;
pub mod config;
pub mod door;
pub mod edge;
pub mod encoding;
pub mod files;
pub mod health;
pub mod http2;
pub mod limits;
pub mod listen;
pub mod logging;
pub mod metrics;
mod open_streams;
pub mod reflection;
pub mod stack;
mod throttle;
pub mod tls;
mod unary;

pub use admission::{Admission, AdmissionLayer};
pub use channel::Peer;
pub use door::{Callers, Door, Open};
pub use edge::EdgeKey;
pub use http2::{Incoming, Link, Listening, Outgoing, Pool, serve};
pub use limits::Limits;
pub use listen::Listen;
pub use open_streams::Connection;
pub use stack::{RequestId, Stack};
pub use tokio_util::sync::CancellationToken;
pub use unary::Unary;
