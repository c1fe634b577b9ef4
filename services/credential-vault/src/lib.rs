//! CredentialVault, Admin and the broker over an encrypted store.
//!
//! [`Application::public_routes`] serve callers with an API key, [`Application::broker_routes`] the gateway. Whoever mounts the
//! broker's routes decides who reaches them.
//!
//! `domain` knows accounts, credentials, keys and tenants, as records of a store; `rpc` admits callers and turns requests into
//! work on them; `ops` is what an operator sees and does: audit, outages, moves from one store to the other.
//!
//! ```
//! let faults = granary_credential_vault::Config::default().validate();
//! assert!(faults.iter().any(|fault| fault.starts_with("credential_vault.store_path: ")));
//! ```
mod application;
mod config;
mod domain;
mod error;
mod ops;
mod rpc;
mod run;
mod state;

pub use application::Application;
pub use config::{Config, Parts, parts, parts_of_command};
pub use domain::paths::TREE;
pub use error::Error;
pub use ops::audit::{self, Audit, Rotation};
pub use ops::store_selection;
pub use run::{Failure, Running, rekey, run};
