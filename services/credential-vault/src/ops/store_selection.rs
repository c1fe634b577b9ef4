//! Which store everything is in, and how to open the other one.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use granary_credential::key_file;
use granary_rpc::Reason;
use granary_store::embedded::master;
use granary_store::{Embedded, HashiCorp, Store, hashicorp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::ops::switch::Switch;
use crate::ops::term::{self, Phase};

/// A kind of store, as a setting.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// One encrypted file.
    #[default]
    Embedded,
    /// HashiCorp Vault.
    Vault,
}

/// Where the stores are.
#[derive(Clone, Debug)]
pub struct StorePlaces {
    /// The file of the embedded store.
    pub path: PathBuf,
    /// The file of its master key; unset: from the environment.
    pub master_key_file: Option<PathBuf>,
    /// HashiCorp Vault.
    pub vault: hashicorp::Config,
}

/// The store of the moment.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) switch: Arc<Switch>,
    now: Mutex<Option<StoreKind>>,
}

impl StoreKind {
    /// Its name in settings.
    pub fn text(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Vault => "vault",
        }
    }
}

impl StorePlaces {
    /// Everything that is wrong with the settings of one kind of store.
    pub(crate) fn validate(&self, kind: StoreKind) -> Vec<String> {
        let mut faults = Vec::new();
        match kind {
            StoreKind::Vault => {
                faults.extend(
                    self.vault.validate().into_iter().map(|fault| format!("credential_vault.{fault}")),
                );
            }
            StoreKind::Embedded => {
                if self.path.as_os_str().is_empty() {
                    faults.push("credential_vault.store_path: must name the file of the store".to_owned());
                } else if self.path.is_dir() {
                    faults.push(format!("credential_vault.store_path: {} is a folder", self.path.display()));
                } else if let Some(fault) = key_file::place_fault(&self.path) {
                    faults.push(format!("credential_vault.store_path: {} {fault}", self.path.display()));
                }
                let key = master::read(self.master_key_file.as_deref());
                faults.extend(key.err().map(|fault| format!("credential_vault.master_key_file: {fault}")));
            }
        }
        faults
    }

    /// Opens a store, whatever is in it.
    pub(crate) async fn open(&self, kind: StoreKind) -> Result<Arc<dyn Store>, Error> {
        Ok(match kind {
            StoreKind::Vault => Arc::new(HashiCorp::open(&self.vault).await?),
            StoreKind::Embedded => {
                let key =
                    master::read(self.master_key_file.as_deref()).map_err(|f| Error::Config(vec![f]))?;
                let open = |source| Error::Open { path: self.path.clone(), source };
                Arc::new(Embedded::open(&self.path, &key).map_err(open)?)
            }
        })
    }

    /// Opens a store to work with it: one that was left is not.
    pub(crate) async fn open_to_use(&self, kind: StoreKind) -> Result<Arc<dyn Store>, Error> {
        let store = self.open(kind).await?;
        let text = match term::phase(store.as_ref()).await.map_err(granary_rpc::Error::from)? {
            Phase::Open | Phase::Moving => return Ok(store),
            Phase::Left => {
                "everything in this store was moved to the other one: set credential_vault.store to it"
            }
            Phase::Filling => {
                "a move into this store did not come to its end: set credential_vault.store to the other one, and move \
                 everything again"
            }
        };
        store.close().await;
        Err(Error::Config(vec![text.to_owned()]))
    }
}

impl Stores {
    pub(crate) fn new(store: Arc<dyn Store>, kind: Option<StoreKind>) -> Self {
        Self { switch: Arc::new(Switch::new(store)), now: Mutex::new(kind) }
    }

    /// Opens the store to move to.
    pub(crate) async fn target(
        &self,
        place: &StorePlaces,
        to: StoreKind,
    ) -> Result<Arc<dyn Store>, granary_rpc::Error> {
        let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now == Some(to) {
            let text = format!("everything is in the {} store already", to.text());
            return Err(granary_rpc::Error::new(Reason::AlreadyExists, text));
        }
        place.open(to).await.map_err(|error| {
            let text = format!("the {} store cannot be opened: {error}", to.text());
            granary_rpc::Error::new(Reason::StoreUnavailable, text).caused_by(error)
        })
    }

    pub(crate) fn gone_over(&self, to: StoreKind) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
    }
}
