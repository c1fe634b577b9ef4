//! The settings, where the operator's are at hand: by `--config`, `GRANARY_CONFIG` or `--set`. What is checked of HashiCorp Vault stands
//! here, since it needs the operator's configuration.
use granary_credential_vault::stores::Kind;
use granary_server::config::Loaded;

use super::finding::Finding;
use crate::exit::CONFIGURATION;
use crate::settings::{From, Settings};

const CHECK: &str = "settings";

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
}
