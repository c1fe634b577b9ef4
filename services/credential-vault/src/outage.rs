//! Whether the store can serve, looked at every second and told in health, metrics and logs.
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::records::Records;

const EVERY: Duration = Duration::from_secs(1);

/// Looks at the store.
#[derive(Clone, Debug)]
pub(crate) struct OutageWatch(watch::Sender<bool>);

impl OutageWatch {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(true))
    }

    pub(crate) fn serves(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// Looks until `end`.
    pub(crate) async fn follow(self, records: Records, end: CancellationToken) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cause = "";
        while end.run_until_cancelled(tick.tick()).await.is_some() {
            let now = records.store().check().await.err().map_or("", |error| error.text());
            metrics::gauge!("granary_vault_store_up").set(if now.is_empty() { 1.0 } else { 0.0 });
            if now != cause {
                for (name, value) in
                    [(cause, 0.0), (now, 1.0)].into_iter().filter(|(name, _)| !name.is_empty())
                {
                    metrics::gauge!("granary_vault_store_outage", "cause" => name).set(value);
                }
                match now {
                    "" => tracing::info!(was = cause, "the store serves again"),
                    now => tracing::error!(cause = now, "the store cannot serve"),
                }
                cause = now;
            }
            self.0.send_if_modified(|serves| std::mem::replace(serves, now.is_empty()) != now.is_empty());
        }
    }
}
