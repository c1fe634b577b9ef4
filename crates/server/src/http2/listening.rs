//! What a listener serves with.
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::tls::ServerTls;

/// How long a handshake may take, that of TLS and that of HTTP/2.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a listener serves with.
#[derive(Clone, Debug)]
pub struct Listening {
    /// TLS, where it is configured.
    pub tls: Option<Arc<ServerTls>>,
    /// Its limits.
    pub limits: Arc<Limits>,
    /// Whether anyone may connect. Between our own services a peer is trusted, and its connections shared by many callers.
    pub is_public: bool,
    /// Ends it.
    pub end: CancellationToken,
}
