//! What an operator configures, and everything that is wrong with it at once.
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use granary_credential::key_file;
use granary_credential::ticket::{Format, Keyring};
use granary_server::{Callers, Server, admission};
use granary_store::{Store, hashicorp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::ops::audit::{Audit, Rotation};
use crate::ops::store_selection::{StoreKind, StorePlaces};

/// Least bound of an audit file, in bytes: some lines must fit.
const MIN_AUDIT_BYTES: u64 = 4_096;
/// Most earlier audit files.
const MAX_AUDIT_FILES: u32 = 1_000;

/// The configuration of credential-vault.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its own address, for callers with an API key. Default 127.0.0.1:7101.
    pub public: Server,
    /// The broker's server, for the gateway alone. Default 127.0.0.1:7102.
    pub broker: Server,
    /// How many calls with an API key run and wait.
    pub admission: admission::Settings,
    /// Where everything is kept: "embedded", one encrypted file, or "vault", HashiCorp Vault. Default "embedded".
    pub store: StoreKind,
    /// HashiCorp Vault, where `store` says so, or where everything is to be moved there.
    pub vault: hashicorp::Config,
    /// The file of the embedded store.
    pub store_path: PathBuf,
    /// A file that holds the master key: 32 bytes in base64. Unset: the environment variable `GRANARY_MASTER_KEY`.
    pub master_key_file: Option<PathBuf>,
    /// The ticket keys of each process that takes tickets, such as "harvest-time": a file with one base64 key a line, of which
    /// the first seals.
    pub ticket_keys: BTreeMap<String, PathBuf>,
    /// The format of tickets: 2, or 1 for as long as a service runs that is older than this. Default 2.
    pub ticket_format: u8,
    /// Where audit lines are appended. Unset: nowhere.
    pub audit_file: Option<PathBuf>,
    /// Largest audit file, in bytes; then it is moved to `NAME.1` and a new one begins. 0: never. Default 64 MiB.
    pub audit_max_bytes: u64,
    /// How many earlier audit files are kept. Default 8.
    pub audit_files: u32,
    /// Whether time tracking may be done with a HarvestAPI key, where that key is sent to a configured address. Off, so
    /// that one vendor's key is never sent to another company.
    pub one_key_for_harvest: bool,
}

/// What [`crate::Application`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The ticket keys of each process.
    pub rings: HashMap<String, Keyring>,
    /// The format of tickets.
    pub ticket_format: Format,
    /// The audit log.
    pub audit: Audit,
    /// As in [`Config`].
    pub one_key_for_harvest: bool,
    /// How many calls with an API key, and questions of gateways on behalf of one, run and wait.
    pub admission: admission::Settings,
    /// What kind of store it is, and where the other one would be; without it, nothing can be moved.
    pub place: Option<(StoreKind, StorePlaces)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public: Server::loopback(7101, None),
            broker: Server::loopback(7102, None),
            admission: bounds(),
            store: StoreKind::Embedded,
            vault: hashicorp::Config::default(),
            store_path: PathBuf::new(),
            master_key_file: None,
            ticket_keys: BTreeMap::new(),
            ticket_format: 2,
            audit_file: None,
            audit_max_bytes: Rotation::default().max_bytes,
            audit_files: Rotation::default().files,
            one_key_for_harvest: false,
        }
    }
}

/// As many calls as there are looks at a time into a Vault server, and a quarter of them for one tenant.
fn bounds() -> admission::Settings {
    admission::Settings { max_in_flight: 256, max_in_flight_per_tenant: 64, ..Default::default() }
}

impl Config {
    /// Everything that is wrong with the settings of the service as a process.
    pub fn validate_all(&self) -> Vec<String> {
        let mut faults = self.public.validate("credential_vault.public", Callers::Public);
        faults.extend(self.broker.validate("credential_vault.broker", Callers::Services));
        let (public, broker) = (self.public.listen.address, self.broker.listen.address);
        if public == broker && public.port() != 0 {
            faults.push(format!(
                "credential_vault.broker.listen.address: {broker} is credential_vault.public's own"
            ));
        }
        faults.extend(self.validate());
        faults
    }

    /// Everything that is wrong with the store and the keys, in words for the operator; empty if nothing is.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = self.place().validate(self.store);
        faults.extend(self.admission.validate("credential_vault.admission"));
        faults.extend(self.ticket_keys.iter().filter_map(|(service, path)| ring(service, path).err()));
        if Format::of(self.ticket_format).is_none() {
            faults.push("credential_vault.ticket_format: must be 1 or 2".to_owned());
        }
        if (1..MIN_AUDIT_BYTES).contains(&self.audit_max_bytes) {
            faults.push(format!(
                "credential_vault.audit_max_bytes: must be at least {MIN_AUDIT_BYTES}, or 0 for no bound"
            ));
        }
        if !(1..=MAX_AUDIT_FILES).contains(&self.audit_files) {
            faults.push(format!("credential_vault.audit_files: must be 1 to {MAX_AUDIT_FILES}"));
        }
        faults
    }

    /// Where its stores are.
    pub(crate) fn place(&self) -> StorePlaces {
        StorePlaces {
            path: self.store_path.clone(),
            master_key_file: self.master_key_file.clone(),
            vault: self.vault.clone(),
        }
    }
}

/// Opens everything that the configuration names.
///
/// # Errors
/// All faults of the configuration, or the first thing that cannot be opened.
pub async fn parts(config: &Config) -> Result<Parts, Error> {
    let faults = config.validate();
    if !faults.is_empty() {
        return Err(Error::Config(faults));
    }
    let one_fault = |fault| Error::Config(vec![fault]);
    let rings = config
        .ticket_keys
        .iter()
        .map(|(service, path)| Ok((service.clone(), ring(service, path)?)))
        .collect::<Result<HashMap<_, _>, String>>()
        .map_err(one_fault)?;
    let audit = match &config.audit_file {
        Some(path) => {
            let rotation = Rotation { max_bytes: config.audit_max_bytes, files: config.audit_files };
            Audit::to_file(path, rotation).map_err(|source| Error::Audit { path: path.clone(), source })?
        }
        None => Audit::none(),
    };
    let place = config.place();
    let store = place.open_to_use(config.store).await?;
    let place = Some((config.store, place));
    let (admission, one_key_for_harvest) = (config.admission.clone(), config.one_key_for_harvest);
    let ticket_format = Format::of(config.ticket_format).unwrap_or_default();
    Ok(Parts { store, rings, ticket_format, audit, one_key_for_harvest, admission, place })
}

/// The same for a command that ends before the service starts, and leaves to it what can be used once.
///
/// # Errors
/// As those of [`parts`]; or there is no other way to log in.
pub async fn parts_of_command(config: &Config) -> Result<Parts, Error> {
    let mut config = config.clone();
    if config.store == StoreKind::Vault {
        config.vault.auth = config.vault.auth.of_command().map_err(|fault| Error::Config(vec![fault]))?;
    }
    parts(&config).await
}

fn ring(process: &str, path: &Path) -> Result<Keyring, String> {
    let table = granary_proto::policy_table().map_err(|e| e.to_string())?;
    if table.process(process).all(|method| method.needs.is_empty()) {
        return Err(format!(
            "credential_vault.ticket_keys: names {process}; processes that take tickets are harvest-time and linkedin-data"
        ));
    }
    let name = format!("credential_vault.ticket_keys.{process}");
    let text = key_file::read_text(path).map_err(|fault| format!("{name}: {fault}"))?;
    Keyring::parse(&text).map_err(|e| format!("{name}: {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_faults_are_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let bad = dir.path().join("bad.keys");
        std::fs::write(&bad, "sekret").unwrap();
        let config = Config {
            audit_max_bytes: 1,
            audit_files: 0,
            master_key_file: Some(dir.path().join("none")),
            ticket_keys: BTreeMap::from([
                ("harvest-time".to_owned(), bad),
                ("credential-vault".to_owned(), dir.path().join("none")),
            ]),
            ..Config::default()
        };
        let faults = config.validate();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(!faults.concat().contains("sekret"));
        assert!(matches!(parts(&config).await, Err(Error::Config(all)) if all == faults));
    }

    /// Otherwise the start after it would find the secret id spent, and call it stolen.
    #[tokio::test]
    async fn a_command_does_not_spend_a_wrapped_secret_id() {
        let dir = tempfile::tempdir().unwrap();
        let wrapped = dir.path().join("wrapped");
        granary_testkit::write_secret(&wrapped, "hvs.wrapping");
        let mut config = Config { store: StoreKind::Vault, ..Config::default() };
        config.vault.addresses = vec!["http://127.0.0.1:1".to_owned()];
        config.vault.auth.role_id = "role".to_owned();
        config.vault.auth.secret_id_file = Some(wrapped);
        config.vault.auth.secret_id_wrapped = true;
        assert_eq!(config.validate(), Vec::<String>::new());
        assert!(std::env::var("VAULT_TOKEN").is_err(), "unset VAULT_TOKEN to run the tests");
        let told = parts_of_command(&config).await.unwrap_err().to_string();
        assert!(told.contains("spend") && told.contains("VAULT_TOKEN"), "{told}");
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(serde_json::from_str::<Config>(r#"{"store_path": "x"}"#).is_ok());
        assert!(serde_json::from_str::<Config>(r#"{"store_pth": "x"}"#).is_err());
    }
}
