//! The settings, where the operator's are at hand: by `--config`, `GRANARY_CONFIG` or `--set`; and HashiCorp Vault, as the service that
//! has them would find it.
use std::time::Duration;

use granary_credential_vault::store_selection::StoreKind;
use granary_server::config::Loaded;
use granary_store::hashicorp::Config as VaultConfig;
use granary_store::{HashiCorp, Store};

use super::finding::Finding;
use crate::exit::CONFIGURATION;
use crate::settings::{From, Settings};

const CHECK: &str = "settings";
const VAULT: &str = "vault";
/// How long it may take to log in to Vault and to look at it.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Looks at them; nothing is found where there are none.
pub(super) async fn look(from: &From) -> Vec<Finding> {
    look_within(from, STORE_TIMEOUT).await
}

/// The same, of a Vault that is given so long.
async fn look_within(from: &From, patience: Duration) -> Vec<Finding> {
    if from.config.is_none() && from.set.is_empty() {
        return Vec::new();
    }
    let Loaded { settings, mut faults, is_unread } = Settings::read(from);
    if is_unread {
        return faults
            .into_iter()
            .map(|fault| Finding::fault(CHECK, CONFIGURATION, fault, "mend the file"))
            .collect();
    }
    faults.extend(settings.process_faults());
    // A file may have the tables of one process alone; a store that is not set up is another one's.
    let vault = &settings.credential_vault;
    let (is_vault, is_file) = (vault.store == StoreKind::Vault, !vault.store_path.as_os_str().is_empty());
    let unusable = if is_vault || is_file { vault.validate() } else { Vec::new() };
    let to_vault = is_vault && unusable.is_empty();
    faults.extend(unusable);
    let next = "`granary SERVICE --check-config` checks a process's whole part";
    let mut found: Vec<Finding> =
        faults.into_iter().map(|fault| Finding::fault(CHECK, CONFIGURATION, fault, next)).collect();
    if found.is_empty() {
        found.push(Finding::fine(CHECK, "can be read, and the store's are usable"));
    }
    if to_vault {
        found.push(look_at_vault(&vault.vault, patience).await);
    }
    found
}

/// Logs in to Vault as credential-vault would, and looks at policy, settings and whether it serves.
async fn look_at_vault(vault: &VaultConfig, patience: Duration) -> Finding {
    if vault.auth.secret_id_wrapped {
        let said = "a look would spend the wrapped secret id, and was not taken";
        let next = "`granary hashicorp-vault bootstrap --dry-run` looks with your own token";
        return Finding::warning(VAULT, said, next);
    }
    let looked = tokio::time::timeout(patience, async {
        let store = HashiCorp::open(vault).await.map_err(|error| error.to_string())?;
        let serves = store.check().await.map_err(|error| error.to_string());
        store.close().await;
        serves
    });
    let next = "docs: deploy/vault/operations.md has each cause; `granary hashicorp-vault bootstrap` mends policy and settings";
    match looked.await {
        Ok(Ok(())) => Finding::fine(VAULT, "lets credential-vault in, serves, and keeps what it must"),
        Ok(Err(said)) => Finding::fault(VAULT, CONFIGURATION, said, next),
        Err(_) => {
            let said = format!("did not answer within {} seconds", patience.as_secs());
            Finding::fault(VAULT, CONFIGURATION, said, next)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::worst;

    #[tokio::test]
    async fn settings_are_looked_at_where_they_are_at_hand() {
        assert_eq!(look(&From::default()).await, []);
        let from =
            |set: &[&str]| From { set: set.iter().map(|s| (*s).to_owned()).collect(), ..From::default() };
        assert_eq!(worst(&look(&from(&["gateway.threads=2"])).await), 0);
        let set = ["gateway.threads=x", "credential_vault.store_path=/nowhere/store.redb", "docs_base_url=x"];
        let found = look(&from(&set)).await;
        assert_eq!(worst(&found), CONFIGURATION);
        for setting in ["gateway.threads: ", "docs_base_url: "] {
            assert!(found.iter().any(|f| f.said.starts_with(setting)), "{found:?}");
        }
    }

    #[tokio::test]
    async fn vault_is_looked_at_where_it_is_the_store_and_no_wrapped_secret_id_is_spent() {
        let at_once = Duration::from_secs(1);
        let token = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "hvs.token").unwrap();
        let path = token.path().display();
        let set = |more: &[String]| {
            let store = ["store=vault".to_owned(), "vault.addresses=[\"http://127.0.0.1:1\"]".to_owned()];
            let set = store.iter().chain(more).map(|one| format!("credential_vault.{one}")).collect();
            From { set, ..From::default() }
        };
        let gone = look_within(&set(&[format!("vault.auth.token_file={path}")]), at_once).await;
        assert_eq!((gone.len(), worst(&gone)), (2, CONFIGURATION), "{gone:?}");
        let wrapped = set(&[
            "vault.auth.role_id=r".to_owned(),
            format!("vault.auth.secret_id_file={path}"),
            "vault.auth.secret_id_wrapped=true".to_owned(),
        ]);
        let wrapped = look_within(&wrapped, at_once).await;
        assert_eq!((wrapped.len(), worst(&wrapped)), (2, 0), "{wrapped:?}");
    }
}
