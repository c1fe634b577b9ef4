//! CredentialVault, Admin and the broker over an encrypted store.
//!
//! Two doors: [`Vault::public_routes`] for callers with an API key, [`Vault::broker_routes`] for the gateway. Whoever
//! mounts the broker's routes decides who reaches them.
mod accounts;
mod admit;
pub mod audit;
pub mod bootstrap;
mod bulk;
pub mod config;
mod credentials;
mod disk;
mod documents;
mod error;
mod flight;
mod invalidation;
mod keys;
mod outage;
mod page;
mod paths;
mod records;
mod run;
mod seals;
mod service;
mod state;
pub mod store;
pub mod stores;
mod system;
mod tenants;
mod term;
mod time;
mod upkeep;
mod vault;

pub use audit::{Audit, Rotation};
pub use bulk::Bulk;
pub use config::{Config, Parts, parts, parts_of_command};
pub use error::Error;
pub use run::{Failure, Running, rekey, run};
pub use store::Store;
pub use vault::Vault;
