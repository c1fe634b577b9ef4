//! Where an account lies, whether or not there is one.
use granary_credential::Kind;
use granary_rpc::Identifier;
use granary_store::Context;

use super::KINDS;
use crate::domain::paths;

/// The folder of one identifier of one tenant.
#[derive(Clone, Debug)]
pub(crate) struct AccountFolder {
    pub(crate) tenant: String,
    pub(crate) identifier: Identifier,
    pub(crate) folder: String,
}

impl AccountFolder {
    pub(crate) fn of(tenant: &str, identifier: &Identifier) -> Self {
        let folder = paths::account_folder(tenant, identifier);
        Self { tenant: tenant.to_owned(), identifier: identifier.clone(), folder }
    }

    /// The account's own record.
    pub(crate) fn account(&self) -> String {
        paths::account(&self.folder)
    }

    /// The record of a kind.
    pub(crate) fn kind(&self, kind: Kind) -> String {
        paths::kind(&self.folder, kind)
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        KINDS.iter().map(|kind| self.kind(*kind)).collect()
    }

    /// What a value of this kind is sealed for, in one life of the account.
    pub(crate) fn context(&self, incarnation: &[u8], kind: Kind) -> Context {
        Context::credential(&self.folder, incarnation, kind)
    }
}
