//! Looks at Vault again while the store is in use: whoever operates it may change its settings, our policy, or the certificates,
//! and a start is long ago.
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::{Fault, HashiCorp};

/// How often files of certificates are looked at, and what was denied.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);
/// How often policy and settings are looked at where nothing tells of a change.
const SETTINGS_INTERVAL: Duration = Duration::from_secs(30);

/// Looks for as long as the store is open.
pub(super) async fn follow(store: HashiCorp) {
    let mut due = Instant::now() + SETTINGS_INTERVAL;
    let mut told = Told::default();
    loop {
        tokio::select! {
            () = store.session.closing.cancelled() => return,
            () = tokio::time::sleep(RELOAD_INTERVAL) => {}
        }
        told.certificates(&store.session.reload().await);
        let denied = store.session.denied.notified().now_or_never().is_some();
        // What is missing may be given back at any time.
        if denied || store.lacks.load().is_some() || due <= Instant::now() {
            due = Instant::now() + SETTINGS_INTERVAL;
            // An outage is told by itself.
            if let Ok(lacks) = store.lacking().await {
                told.policy(lacks.as_deref());
                store.lacks.store(lacks.map(Arc::new));
            }
            match store.settings().await {
                Ok(()) => told.settings(""),
                Err((Fault::NotSetUp, text)) => told.settings(&text),
                Err(_) => {}
            }
        }
    }
}

/// What the log has been told last of each.
#[derive(Default)]
struct Told {
    certificates: String,
    lacks: String,
    settings: String,
}

impl Told {
    fn certificates(&mut self, reloaded: &Result<bool, String>) {
        let now = reloaded.as_ref().err().cloned().unwrap_or_default();
        if *reloaded == Ok(true) {
            tracing::info!("certificates for vault were read again");
        } else if now != self.certificates && !now.is_empty() {
            tracing::error!(
                wrong = now,
                "a file of certificates cannot be used; going on with what was read before"
            );
        }
        self.certificates = now;
    }

    fn policy(&mut self, lacks: Option<&str>) {
        let now = lacks.unwrap_or_default();
        if now != self.lacks {
            match lacks {
                Some(lacks) => {
                    tracing::error!(
                        lacks,
                        "vault's policy for us is too narrow; run: granary hashicorp-vault bootstrap"
                    );
                }
                None => tracing::info!("vault's policy for us is whole again"),
            }
            now.clone_into(&mut self.lacks);
        }
    }

    fn settings(&mut self, wrong: &str) {
        metrics::gauge!("granary_vault_store_settings").set(if wrong.is_empty() { 1.0 } else { 0.0 });
        if wrong != self.settings {
            if wrong.is_empty() {
                tracing::info!("the settings of vault are as they must be again");
            } else {
                tracing::error!(
                    wrong,
                    "a setting of vault was changed; run: granary hashicorp-vault bootstrap"
                );
            }
            wrong.clone_into(&mut self.settings);
        }
    }
}
