//! Whether the store and the audit log can serve: the store is looked at every second, the log tells by itself. Told in health,
//! metrics and logs.
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::domain::records::Records;
use crate::ops::audit::AuditFault;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Looks at both.
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
    pub(crate) async fn follow(
        self,
        records: Records,
        mut audit: watch::Receiver<Option<AuditFault>>,
        end: CancellationToken,
    ) {
        let mut tick = interval(CHECK_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cause = "";
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                _ = tick.tick() => {}
                Ok(()) = audit.changed() => {}
            }
            let looked = records.store().check().await.err();
            let now = looked.as_ref().map_or("", |error| error.text());
            metrics::gauge!("granary_vault_store_up").set(if now.is_empty() { 1.0 } else { 0.0 });
            if now != cause {
                for (name, value) in
                    [(cause, 0.0), (now, 1.0)].into_iter().filter(|(name, _)| !name.is_empty())
                {
                    metrics::gauge!("granary_vault_store_outage", "cause" => name).set(value);
                }
                match now {
                    "" => tracing::info!(was = cause, "the store serves again"),
                    now => {
                        let error = looked.map(|error| error.to_string()).unwrap_or_default();
                        tracing::error!(cause = now, error, "the store cannot serve");
                    }
                }
                cause = now;
            }
            let written = audit.borrow_and_update().is_none();
            metrics::gauge!("granary_vault_audit_up").set(if written { 1.0 } else { 0.0 });
            let now = now.is_empty() && written;
            self.0.send_if_modified(|serves| std::mem::replace(serves, now) != now);
        }
    }
}
