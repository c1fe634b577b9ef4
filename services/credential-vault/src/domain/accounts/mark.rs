//! Spares a ticket the read of the account: a mark beside a credential's record, which names the account's incarnation.
//! While it stands, the account is enabled and in that life, so that one read serves a ticket.
//!
//! - It is set at a version of the record that was seen before the account was looked at, by check-and-set.
//! - Whoever disables or deletes an account takes it away before, and again after the account's own record says so. Taking it
//!   away makes a new version of the record even where there is no mark. So one that is set on the strength of an older look
//!   at the account finds another version, and is not set.
//! - Every put of a record takes it away. A mark names an incarnation, and no data: one that comes late, to the record of an
//!   account that was deleted and made again, names a life that the record does not.
//!
//! A record without its mark costs one look at the account more, and nothing else.
use data_encoding::HEXLOWER;
use granary_rpc::{Error, Reason};
use granary_store as store;

use super::{AccountFolder, Accounts, disabled};
use crate::domain::documents::{Account, AccountState, Credential};
use crate::domain::records::Seen;

/// Most attempts to take one mark away while others write the record.
const ATTEMPTS: u32 = 20;

/// Whether the account of a record is known to be enabled without looking at it.
pub(crate) fn stands(seen: &Seen<Credential>) -> bool {
    seen.mark.as_deref() == Some(of(&seen.document.incarnation).as_str())
}

/// The mark of a record in this life of its account.
pub(crate) fn of(incarnation: &[u8]) -> String {
    HEXLOWER.encode(incarnation)
}

impl Accounts {
    /// The account, if tickets may be issued for it.
    pub(crate) async fn enabled(&self, place: &AccountFolder) -> Result<Account, Error> {
        let record = self.read(place).await?;
        match record.state() {
            AccountState::Disabled => Err(disabled(&place.identifier)),
            _ => Ok(record),
        }
    }

    /// Looks at the account of a record that stood at this version a moment ago, and marks the record. `false`: the account is
    /// gone, or is another one by now.
    pub(crate) async fn confirm(
        &self,
        place: &AccountFolder,
        path: &str,
        version: u64,
        incarnation: &[u8],
    ) -> Result<bool, Error> {
        match self.enabled(place).await {
            Ok(account) if account.incarnation == incarnation => {
                self.set_mark(path, version, incarnation).await;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => match error.reason() {
                Reason::AccountNotFound => Ok(false),
                Reason::AccountDisabled => Ok(true),
                _ => Err(error),
            },
        }
    }

    /// Marks a record whose account was found enabled after the record was read. That it fails costs a later look, no more.
    pub(crate) async fn set_mark(&self, path: &str, version: u64, incarnation: &[u8]) {
        let marked = self.records.store().mark(path, Some(&of(incarnation)), version).await;
        if let Err(error) = marked
            && !matches!(error, store::Error::Conflict)
        {
            // An outage, a move and a policy that is too narrow are told once, by whoever looks at the store.
            match error {
                store::Error::Unavailable { .. } | store::Error::Denied(_) => {
                    tracing::debug!(%error, "a credential was not marked");
                }
                error => {
                    tracing::warn!(%error, "cannot mark a credential; its next ticket looks at its account again");
                }
            }
        }
    }

    /// Takes away every mark of an account.
    pub(crate) async fn clear_marks(&self, place: &AccountFolder) -> Result<(), Error> {
        for path in place.kinds() {
            let mut attempt = 0;
            while let Some(record) = self.records.store().get(&path).await? {
                attempt += 1;
                match self.records.store().mark(&path, None, record.version).await {
                    Ok(_) => break,
                    Err(store::Error::Conflict) if attempt < ATTEMPTS => {}
                    Err(other) => return Err(other.into()),
                }
            }
        }
        Ok(())
    }
}
