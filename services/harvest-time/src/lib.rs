//! `HarvestTime` over Harvest v2: each call uses the one credential that its ticket brings, and keeps nothing of it.
mod answer;
mod applied;
mod asked;
mod assignment;
mod company;
mod config;
mod failure;
mod methods;
mod page;
mod service;
mod session;
mod timer;
mod timer_mode;
mod write;

pub use config::Config;
pub use service::{routes, run};
