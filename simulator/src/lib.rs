//! A simulator of the third-party services that Granary talks to: Harvest v2, HarvestAPI and Apify.
//!
//! Each service listens on a port of its own and keeps its state, its errors and its bills as the real one does. A fourth
//! port, [`Sandbox::control_url`], is for whoever drives it: credentials, faults to come, and a journal of every call.
//!
//! ```no_run
//! # async fn demo() -> Result<(), granary_simulator::Error> {
//! let sandbox = granary_simulator::start(granary_simulator::Config::default()).await?;
//! println!("{}/v2/projects", sandbox.harvest_url());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod apify;
mod config;
mod decimal;
mod error;
mod harvest;
mod harvestapi;
mod kernel;
mod sandbox;

pub use config::{Config, Ports, Tls};
pub use error::Error;
pub use sandbox::{Sample, Sandbox, start};
