//! The gateway: admit the caller, apply the method's policy, fetch one sealed ticket, forward the frames untouched.
//!
//! It never holds a third-party credential in the clear: tickets are opaque to it, and new secrets pass sealed.
//!
//! ```
//! let config = granary_gateway::Config { threads: 300, ..Default::default() };
//! assert!(config.validate().iter().any(|fault| fault == "gateway.threads: must be at most 256"));
//! ```
mod admit;
mod arriving;
mod backend;
mod body;
mod broker;
mod call;
pub mod config;
mod core;
mod ender;
#[cfg(test)]
mod fake;
mod flight;
mod forward;
mod frames;
mod generations;
mod health;
mod held;
mod in_flight;
mod invalidation;
mod options;
mod outcome;
mod probe;
mod relay;
mod run;
mod sweep;
mod tickets;
mod tools;
mod under_way;

pub use config::Config;
pub use run::{Error, Running, run};
