//! Looks at Vault's settings again while the store is in use: whoever operates Vault may change them, and a start is long ago.
use std::time::Duration;

use super::{Fault, Vault};

const INTERVAL: Duration = Duration::from_secs(30);

/// Tells what of the settings loses records, or keeps what must go, for as long as the store is open.
pub(super) async fn settings(vault: Vault) {
    let mut told = String::new();
    loop {
        tokio::select! {
            () = vault.session.closing.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let now = match vault.settings().await {
            Ok(()) => String::new(),
            Err((Fault::NotSetUp, text)) => text,
            // An outage is told by itself.
            Err(_) => continue,
        };
        metrics::gauge!("granary_vault_store_settings").set(if now.is_empty() { 1.0 } else { 0.0 });
        if now != told {
            if now.is_empty() {
                tracing::info!("the settings of vault are as they must be again");
            } else {
                tracing::error!(wrong = now, "a setting of vault was changed; run: granary vault bootstrap");
            }
            told = now;
        }
    }
}
