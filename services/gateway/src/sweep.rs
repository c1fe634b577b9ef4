//! Drops what has expired from the gateway's memory, which a quiet cache would keep, and measures what it holds for slow callers.
use std::sync::Arc;
use std::time::Duration;

use granary_server::CancellationToken;

use crate::core::Shared;
use crate::held::Held;

const SWEEP_INTERVAL: Duration = Duration::from_millis(500);

/// Sweeps until `end`.
pub(crate) async fn run(shared: Arc<Shared>, end: CancellationToken) {
    while end.run_until_cancelled(tokio::time::sleep(SWEEP_INTERVAL)).await.is_some() {
        shared.principals.sweep().await;
        shared.tickets.sweep().await;
        let bytes = |held: &Held| u32::try_from(held.bytes()).unwrap_or(u32::MAX);
        metrics::gauge!("granary_unread_bytes").set(bytes(&shared.unread));
        metrics::gauge!("granary_unfinished_bytes").set(bytes(&shared.unfinished));
    }
}
