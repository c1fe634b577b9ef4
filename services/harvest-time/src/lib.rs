//! `HarvestTime` over Harvest v2: each call uses the one credential that its ticket brings, and keeps nothing of it.
//!
//! ```
//! let config = granary_harvest_time::Config { user_agent: String::new(), ..Default::default() };
//! assert!(config.validate()[0].starts_with("harvest_time.user_agent: "));
//! ```
mod answer;
mod applied;
mod asked;
mod assignment;
mod company;
mod config;
mod context;
mod failure;
mod methods;
mod page;
mod service;
mod timer;
mod timer_mode;
mod told;
mod write;

pub use config::Config;
pub use service::{routes, run};
