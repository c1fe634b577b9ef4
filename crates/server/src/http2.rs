//! HTTP/2 over `h2`, both sides, without a task, a queue and a channel for each call.
//!
//! Between our own services a peer is trusted: many callers share a connection, so nothing that one of them does may count against
//! it. At public listeners the limits meant for hostile peers hold.
mod body;
mod coalesce;
mod connection;
mod endpoint;
mod exchange;
mod first_bytes;
mod flood;
mod keepalive;
mod listening;
mod pace;
mod packing;
mod places;
mod pool;
mod reasons;
mod refusal;
mod send_body;
mod server;
#[cfg(test)]
mod tests;
mod turn;

pub use body::Incoming;
pub use endpoint::EndpointId;
pub use exchange::Answer;
pub use listening::Listening;
pub use pool::{Error, Failed, Link, Picked, Pool};
pub use send_body::Outgoing;
pub use server::serve;

/// Bytes of one stream that may arrive before they are read.
const STREAM_WINDOW: u32 = 1 << 18;
/// A connection's own window never holds a stream up: each has a window of its own, and they are what bounds memory.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// Streams that were taken back and whose late frames are passed over, between our own services.
const RESETS_REMEMBERED: usize = 8_192;
/// What small frames may cost in all before they are read, between our own services: what a caller sends in small pieces is passed on
/// in small pieces.
const INNER_FRAME_BUDGET: usize = 1 << 30;
