//! What every service does alike: configuration, listeners, TLS, edges between services, telemetry, health, reflection,
//! and an orderly end.
pub mod channel;
pub mod config;
pub mod door;
pub mod edge;
mod gather;
pub mod health;
pub mod link;
pub mod listen;
pub mod logging;
pub mod metrics;
mod open_streams;
pub mod reflection;
pub mod serve;
pub mod stack;
pub mod tls;
mod unary;
mod wire;

pub use channel::Peer;
pub use door::{Callers, Door, Open};
pub use edge::EdgeKey;
pub use link::Link;
pub use listen::Listen;
pub use open_streams::Connection;
pub use serve::{Limits, serve};
pub use stack::{RequestId, Stack};
pub use tokio_util::sync::CancellationToken;
pub use unary::Unary;
pub use wire::Incoming;
