//! What a ticket needs of the store: one record for each needed kind, and its current value opened.
use granary_credential::{Credential, Kind};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::{Error, Reason};

use super::refusal::{damaged, expired, missing, revoked};
use crate::domain::accounts::{AccountFolder, Accounts, mark};
use crate::domain::documents;
use crate::domain::records::Records;

/// A credential, and the life of the account that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) credential: Credential,
    pub(crate) version: i64,
    pub(crate) status: CredentialStatus,
    pub(crate) incarnation: Vec<u8>,
}

/// What becomes of a value that the vendor no longer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expired {
    /// It is not opened.
    Refuses,
    /// It is, for a probe.
    Opens,
}

/// Opens the current value of the first of these kinds that the account has.
pub(super) async fn first_of(
    accounts: &Accounts,
    records: &Records,
    place: &AccountFolder,
    kinds: &[Kind],
    expired_value: Expired,
) -> Result<Opened, Error> {
    for kind in kinds {
        // What was read may have been sealed anew before it is opened, as by a move to another store: then it is read again.
        let mut unopened: Option<Vec<u8>> = None;
        loop {
            let path = place.kind(*kind);
            let Some(seen) = records.see::<documents::Credential>(&path).await? else { break };
            if !mark::stands(&seen) {
                let incarnation = &seen.document.incarnation;
                if accounts.enabled(place).await?.incarnation != *incarnation {
                    break;
                }
                accounts.set_mark(&path, seen.version, incarnation).await;
            }
            let record = seen.document;
            let status = record.status();
            let sealed = match status {
                CredentialStatus::Revoked => return Err(revoked(*kind)),
                CredentialStatus::Expired if expired_value == Expired::Refuses => return Err(expired(*kind)),
                _ => &record.current().ok_or_else(damaged)?.sealed,
            };
            let opened = records.store().open(&place.context(&record.incarnation, *kind), sealed).await;
            let plain = match opened.map_err(Error::from) {
                Ok(plain) => plain,
                Err(error) if error.reason() == Reason::Internal && unopened.as_ref() != Some(sealed) => {
                    unopened = Some(sealed.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let credential = Credential::decode(*kind, &plain).ok_or_else(damaged)?;
            let (version, incarnation) = (record.version, record.incarnation);
            return Ok(Opened { credential, version, status, incarnation });
        }
    }
    // Without a credential, the account tells which of all reasons it is.
    accounts.enabled(place).await?;
    Err(missing(kinds.first().copied().unwrap_or_default()))
}
