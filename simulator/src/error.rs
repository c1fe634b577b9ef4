//! Why a sandbox could not start.

use std::io;
use std::net::SocketAddr;

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fixed port is taken, or the address does not belong to this machine.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// No random port was free.
    #[error("no free port was found between 20000 and 32000")]
    NoFreePort,
    /// The certificate or key cannot be used.
    #[error("the certificate or key cannot be used: {0}")]
    Tls(String),
    /// The state folder or the file in it cannot be used.
    #[error("the state in {path} cannot be used: {reason}")]
    State {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}
