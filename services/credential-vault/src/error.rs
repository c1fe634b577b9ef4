//! Why credential-vault cannot start.
use std::path::PathBuf;

use granary_store::embedded::OpenError;

/// A failure at start, for whoever operates it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration has faults, all of them listed.
    #[error("the configuration has faults: {}", .0.join("; "))]
    Config(Vec<String>),
    /// The embedded store cannot be opened.
    #[error("cannot open the store at {path}: {source}")]
    Open {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// HashiCorp Vault cannot be used as the store.
    #[error("cannot use vault as the store: {0}")]
    Vault(#[from] granary_store::hashicorp::OpenError),
    /// The audit log cannot be opened.
    #[error("cannot open the audit log at {path}: {source}")]
    Audit {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The contract cannot be read.
    #[error(transparent)]
    Policy(#[from] granary_proto::policy::Error),
    /// The store fails, or what is asked of it cannot be.
    #[error(transparent)]
    Refused(#[from] granary_rpc::Error),
}
