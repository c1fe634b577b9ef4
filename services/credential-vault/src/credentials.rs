//! Credentials: put, rolled back, revoked, reported on. Values are opened for tickets alone.
mod flight;
mod machine;
#[cfg(test)]
mod model;

use futures_util::FutureExt;
use granary_credential::{Credential, Key, Kind, fingerprint};
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus, Outcome};
use granary_rpc::{Error, Identifier, Reason, Violation};

use crate::accounts::{self, Accounts, Found};
use crate::documents;
use crate::invalidation::Announcements;
use crate::records::{Decision, Records};
use crate::store::Context;
use crate::time::now_ms;
use flight::{Flights, Opened};
use machine::Fresh;

#[derive(Clone)]
pub(crate) struct Credentials {
    records: Records,
    accounts: Accounts,
    announcements: Announcements,
    fingerprint: Key,
    flights: Flights,
}

impl Credentials {
    pub(crate) fn new(
        records: Records,
        accounts: Accounts,
        announcements: Announcements,
        fingerprint: Key,
    ) -> Self {
        Self { records, accounts, announcements, fingerprint, flights: Flights::default() }
    }

    /// Stores a value as the new current version.
    pub(crate) async fn put(
        &self,
        tenant: &str,
        identifier: &Identifier,
        credential: &Credential,
        expected: Option<i64>,
    ) -> Result<CredentialState, Error> {
        let account = self.accounts.find(tenant, identifier).await?;
        let kind = credential.kind();
        let context = Context::credential(tenant, &account.record.incarnation, kind);
        let sealed = self.records.store().seal(&context, &credential.encode()).await?;
        let fingerprint = fingerprint::of_credential(&self.fingerprint, tenant, credential);
        let path = account.kind_path(kind);
        let written = self
            .records
            .change(&path, |current: Option<documents::Credential>| {
                expect(expected, current.as_ref())?;
                let mut record = current.unwrap_or_else(|| documents::Credential {
                    incarnation: account.record.incarnation.clone(),
                    kind: kind.into(),
                    ..documents::Credential::default()
                });
                record.put(Fresh { sealed: sealed.clone(), fingerprint: fingerprint.clone() }, now_ms());
                let state = record.shown();
                Ok(Decision::Write(record, state))
            })
            .await;
        let state = self.committed(&account, written)?;
        // A deletion that was marked after the account was found may have passed this record by.
        if !self.accounts.remains(&account).await? {
            self.records.store().delete(&path).await?;
            return Err(accounts::missing(identifier));
        }
        Ok(state)
    }

    /// Makes a kept version's value current as a new version. Nothing is decrypted for it.
    pub(crate) async fn roll_back(
        &self,
        tenant: &str,
        identifier: &Identifier,
        kind: Kind,
        version: i64,
        expected: Option<i64>,
    ) -> Result<CredentialState, Error> {
        let account = self.accounts.find(tenant, identifier).await?;
        let written = self
            .records
            .change(&account.kind_path(kind), |current: Option<documents::Credential>| {
                let mut record = current.ok_or_else(|| missing(kind))?;
                if record.status() == CredentialStatus::Revoked {
                    return Err(revoked(kind));
                }
                expect(expected, Some(&record))?;
                if !record.roll_back(version, now_ms()) {
                    return Err(Error::new(Reason::NotFound, format!("version {version} is not kept"))
                        .with("kind", kind.text())
                        .with("version", version.to_string()));
                }
                let state = record.shown();
                Ok(Decision::Write(record, state))
            })
            .await;
        self.committed(&account, written)
    }

    /// Erases every version of a kind. Doing it again changes nothing.
    pub(crate) async fn revoke(
        &self,
        tenant: &str,
        identifier: &Identifier,
        kind: Kind,
    ) -> Result<CredentialState, Error> {
        let account = self.accounts.find(tenant, identifier).await?;
        let written = self
            .records
            .change(&account.kind_path(kind), |current: Option<documents::Credential>| {
                let mut record = current.ok_or_else(|| missing(kind))?;
                Ok(match record.revoke(now_ms()) {
                    true => Decision::Write(record.clone(), record.shown()),
                    false => Decision::Keep(record.shown()),
                })
            })
            .await;
        self.committed(&account, written)
    }

    /// Takes a report about a version, and returns the status that it left; unspecified where the kind is not there.
    pub(crate) async fn report(
        &self,
        account: &Found,
        kind: Kind,
        version: i64,
        outcome: Outcome,
    ) -> Result<CredentialStatus, Error> {
        let path = account.kind_path(kind);
        // Most reports change nothing, and need not wait for their turn to write.
        let current: Option<documents::Credential> = self.records.get(&path).await?;
        let Some(mut current) = current else { return Ok(CredentialStatus::Unspecified) };
        if !current.report(version, outcome, now_ms()) {
            return Ok(current.status());
        }
        let reported = self
            .records
            .change(&path, |current: Option<documents::Credential>| {
                let Some(mut record) = current else {
                    return Ok(Decision::Keep(CredentialStatus::Unspecified));
                };
                let changed = record.report(version, outcome, now_ms());
                let status = record.status();
                Ok(if changed { Decision::Write(record, status) } else { Decision::Keep(status) })
            })
            .await;
        let expires = |status: &CredentialStatus| *status == CredentialStatus::Expired;
        if reported.as_ref().map_or(outcome == Outcome::ProbeRejected, expires) {
            self.announce(account);
        }
        reported
    }

    /// Opens the current value of the first of these kinds that the account has. No other kind's record is read.
    pub(crate) async fn first_of(&self, account: &Found, kinds: &[Kind]) -> Result<Opened, Error> {
        let begin = || {
            let (records, account, kinds) = (self.records.clone(), account.clone(), kinds.to_vec());
            async move { open_first(&records, &account, &kinds).await }.boxed()
        };
        self.flights.join(account, kinds, begin).await
    }

    /// Announces a change once it is committed, and also where its outcome is open.
    fn committed<T>(&self, account: &Found, written: Result<T, Error>) -> Result<T, Error> {
        let may_stand = match &written {
            Ok(_) => true,
            Err(error) => matches!(error.reason(), Reason::StoreUnavailable | Reason::Overloaded),
        };
        if may_stand {
            self.announce(account);
        }
        written
    }

    fn announce(&self, account: &Found) {
        self.flights.forget(&account.folder);
        self.announcements.account(&account.tenant, &account.record.identifier);
    }
}

async fn open_first(records: &Records, account: &Found, kinds: &[Kind]) -> Result<Opened, Error> {
    for kind in kinds {
        let record: Option<documents::Credential> = records.get(&account.kind_path(*kind)).await?;
        let Some(record) = record else { continue };
        let status = record.status();
        let sealed = match status {
            CredentialStatus::Revoked => return Err(revoked(*kind)),
            CredentialStatus::Expired => return Err(expired(*kind)),
            _ => &record.current().ok_or_else(damaged)?.sealed,
        };
        let context = Context::credential(&account.tenant, &account.record.incarnation, *kind);
        let plain = records.store().open(&context, sealed).await?;
        let credential = Credential::decode(*kind, &plain).ok_or_else(damaged)?;
        return Ok((credential, record.version, status));
    }
    Err(missing(kinds.first().copied().unwrap_or_default()))
}

/// Checks an expected version as it came in a request.
pub(crate) fn parse_expected(expected: Option<i64>, least: i64, faults: &mut Vec<Violation>) {
    if expected.is_some_and(|version| version < least) {
        let description = format!("must be at least {least}, or unset");
        faults.push(Violation { field: "expected_version".to_owned(), description });
    }
}

fn expect(expected: Option<i64>, current: Option<&documents::Credential>) -> Result<(), Error> {
    let version = current.map_or(0, |record| record.version);
    match expected {
        Some(expected) if expected != version => Err(Error::new(
            Reason::VersionConflict,
            format!("the current version is {version}, not {expected}"),
        )
        .with("current_version", version.to_string())
        .with("expected_version", expected.to_string())),
        _ => Ok(()),
    }
}

fn missing(kind: Kind) -> Error {
    let text = format!(
        "the account has no {}; store one with PutSealedCredential, or with PutCredential at credential-vault's own door",
        kind.text()
    );
    Error::new(Reason::CredentialMissing, text).with("kind", kind.text())
}

fn expired(kind: Kind) -> Error {
    let text = format!(
        "the vendor no longer takes the account's {}; ask the user for a new one and put it",
        kind.text()
    );
    Error::new(Reason::CredentialExpired, text).with("kind", kind.text())
}

fn revoked(kind: Kind) -> Error {
    let text = format!("the account's {} was revoked; only a new put brings it back", kind.text());
    Error::new(Reason::CredentialRevoked, text).with("kind", kind.text())
}

fn damaged() -> Error {
    Error::new(Reason::Internal, "the credential store holds damaged data")
}
