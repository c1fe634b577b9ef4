//! `LinkedInData` over HarvestAPI: each call uses the one key that its ticket brings, and says what upstream billed.
mod answer;
mod config;
mod envelope;
mod failure;
mod methods;
mod price;
mod run;
mod service;
mod session;

pub use config::Config;
pub use run::run;
pub use service::{Error, routes};
