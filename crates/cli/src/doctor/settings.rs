//! The settings, where the operator's are at hand: by `--config`, `GRANARY_CONFIG` or `--set`; and HashiCorp Vault, as the service that
//! has them would find it.
use std::time::Duration;

use granary_credential_vault::store::{Store, Vault};
use granary_credential_vault::stores::Kind;
use granary_server::config::Loaded;

use super::finding::Finding;
use crate::exit::CONFIGURATION;
use crate::settings::{From, Settings};

const CHECK: &str = "settings";
const VAULT: &str = "vault";
/// How long it may take to log in to Vault and to look at it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at them; nothing is found where there are none.
pub(super) fn look(from: &From) -> Vec<Finding> {
    if from.config.is_none() && from.set.is_empty() {
        return Vec::new();
    }
    let Loaded { settings, mut faults } = Settings::read(from);
    faults.extend(settings.logging.faults());
    // A file may have the tables of one process alone; a store that is not set up is another one's.
    let vault = &settings.credential_vault;
    if vault.store == Kind::Vault || !vault.store_path.as_os_str().is_empty() {
        faults.extend(vault.faults());
    }
    if faults.is_empty() {
        return vec![Finding::fine(CHECK, "can be read, and the store's are usable")];
    }
    let next = "`granary SERVICE --check-config` checks a process's whole part";
    faults.into_iter().map(|fault| Finding::fault(CHECK, CONFIGURATION, fault, next)).collect()
}

/// Logs in to Vault as credential-vault would, and looks at policy, settings and whether it serves; nothing is found where the
/// settings name no Vault as the store.
pub(super) async fn look_at_vault(from: &From) -> Vec<Finding> {
    let vault = Settings::read(from).settings.credential_vault;
    if (from.config.is_none() && from.set.is_empty())
        || vault.store != Kind::Vault
        || !vault.faults().is_empty()
    {
        return Vec::new();
    }
    if vault.vault.auth.secret_id_wrapped {
        let said = "a look would spend the wrapped secret id, and was not taken";
        let next = "`granary vault bootstrap --dry-run` looks with your own token";
        return vec![Finding::warning(VAULT, said, next)];
    }
    let looked = tokio::time::timeout(PATIENCE, async {
        let store = Vault::open(&vault.vault).await.map_err(|error| error.to_string())?;
        let serves = store.check().await.map_err(|error| error.to_string());
        store.close().await;
        serves
    });
    let next = "docs: deploy/vault/operations.md has each cause; `granary vault bootstrap` mends policy and settings";
    vec![match looked.await {
        Ok(Ok(())) => Finding::fine(VAULT, "lets credential-vault in, serves, and keeps what it must"),
        Ok(Err(said)) => Finding::fault(VAULT, CONFIGURATION, said, next),
        Err(_) => Finding::fault(VAULT, CONFIGURATION, "did not answer within ten seconds", next),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::worst;

    #[test]
    fn settings_are_looked_at_where_they_are_at_hand() {
        assert_eq!(look(&From::default()), []);
        let from =
            |set: &[&str]| From { set: set.iter().map(|s| (*s).to_owned()).collect(), ..From::default() };
        assert_eq!(worst(&look(&from(&["gateway.threads=2"]))), 0);
        let found = look(&from(&["gateway.threads=x", "credential_vault.store_path=/nowhere/store.redb"]));
        assert_eq!(worst(&found), CONFIGURATION);
        assert!(found.iter().any(|f| f.said.starts_with("gateway.threads: ")), "{found:?}");
    }

    #[tokio::test]
    async fn vault_is_looked_at_where_it_is_the_store_and_no_wrapped_secret_id_is_spent() {
        assert_eq!(look_at_vault(&From::default()).await, []);
        let token = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "hvs.token").unwrap();
        let path = token.path().display();
        let set = |more: &[String]| {
            let store = ["store=vault".to_owned(), "vault.addresses=[\"http://127.0.0.1:1\"]".to_owned()];
            let set = store.iter().chain(more).map(|one| format!("credential_vault.{one}")).collect();
            From { set, ..From::default() }
        };
        let gone = look_at_vault(&set(&[format!("vault.auth.token_file={path}")])).await;
        assert_eq!(worst(&gone), CONFIGURATION, "{gone:?}");
        let wrapped = set(&[
            "vault.auth.role_id=r".to_owned(),
            format!("vault.auth.secret_id_file={path}"),
            "vault.auth.secret_id_wrapped=true".to_owned(),
        ]);
        let wrapped = look_at_vault(&wrapped).await;
        assert_eq!((wrapped.len(), worst(&wrapped)), (1, 0), "{wrapped:?}");
    }
}
