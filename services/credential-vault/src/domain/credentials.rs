//! Credentials: put, rolled back, revoked, reported on. Values are opened for tickets alone.
mod lookup;
#[cfg(test)]
mod model;
mod refusal;
mod status;

use std::time::Duration;

use futures_util::FutureExt;
use granary_credential::verdict::Verdict;
use granary_credential::{Credential, Key, Kind, fingerprint};
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus};
use granary_rpc::{Error, Identifier, Reason, Violation};

use crate::domain::accounts::{self, AccountFolder, Accounts, Found};
use crate::domain::documents;
use crate::domain::invalidation::Announcements;
use crate::domain::records::{Decision, Records};
use crate::domain::single_flight::Flights;
use crate::domain::time::now_ms;
use lookup::{Expired, Opened};
use refusal::{expect, missing, probed, revoked};
use status::Fresh;

#[derive(Clone)]
pub(crate) struct Credentials {
    records: Records,
    accounts: Accounts,
    announcements: Announcements,
    fingerprint: Key,
    /// By the account's folder, and the kinds of which the first is wanted.
    flights: Flights<Vec<Kind>, Opened>,
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
        let kind = credential.kind();
        let account = self.accounts.find_for(tenant, identifier, kind).await?;
        let (place, incarnation) = (&account.place, &account.record.incarnation);
        let sealed =
            self.records.store().seal(&place.context(incarnation, kind), &credential.encode()).await?;
        let fingerprint = fingerprint::of_credential(&self.fingerprint, tenant, credential);
        let path = place.kind(kind);
        let written = self
            .records
            .change_at(&path, |current: Option<documents::Credential>| {
                let current = account.own(current);
                expect(expected, current.as_ref())?;
                let mut record = current.unwrap_or_else(|| blank(incarnation, kind));
                record.put(Fresh { sealed: sealed.clone(), fingerprint: fingerprint.clone() }, now_ms());
                let state = record.shown();
                Ok(Decision::Write(record, state))
            })
            .await;
        let (state, version) = self.committed(place, written)?;
        if !self.accounts.confirm(place, &path, version, incarnation).await? {
            // The account was deleted after it was found, and the deletion may have passed this record by.
            self.accounts.erase_orphan(place, &path, incarnation).await?;
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
        let path = account.place.kind(kind);
        let written = self
            .records
            .change_at(&path, |current: Option<documents::Credential>| {
                let mut record = account.own(current).ok_or_else(|| missing(kind))?;
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
        let (state, version) = self.committed(&account.place, written)?;
        self.confirm(&account, &path, version).await;
        Ok(state)
    }

    /// Erases every version of a kind, and what the store kept of them though it should not. Doing it again changes nothing, and
    /// ends what failed in the middle.
    pub(crate) async fn revoke(
        &self,
        tenant: &str,
        identifier: &Identifier,
        kind: Kind,
    ) -> Result<CredentialState, Error> {
        let account = self.accounts.find(tenant, identifier).await?;
        let path = account.place.kind(kind);
        let written = self
            .records
            .change(&path, |current: Option<documents::Credential>| {
                let mut record = account.own(current).ok_or_else(|| missing(kind))?;
                Ok(match record.revoke(now_ms()) {
                    true => Decision::Write(record.clone(), record.shown()),
                    false => Decision::Keep(record.shown()),
                })
            })
            .await;
        let revoked = self.committed(&account.place, written)?;
        // Nobody gets a ticket for it any more; but where somebody raised max_versions, its ciphertext would stay.
        self.records.store().destroy_old(&path).await?;
        Ok(revoked)
    }

    /// Takes what a vendor made of a version, and returns what is known then; nothing where the kind is not there.
    pub(crate) async fn hear(&self, account: &Found, kind: Kind, verdict: &Verdict) -> Result<Known, Error> {
        let path = account.place.kind(kind);
        // Most verdicts change nothing, and need not wait for their turn to write.
        let current: Option<documents::Credential> = self.records.get(&path).await?;
        let Some(mut current) = account.own(current) else { return Ok(Known::default()) };
        let take = |record: &mut documents::Credential| {
            let heard = record.hear(verdict, now_ms());
            record.tell_probe(verdict) || heard
        };
        if !take(&mut current) {
            return Ok(Known::of(&current));
        }
        let heard = self
            .records
            .change_at(&path, |current: Option<documents::Credential>| {
                let Some(mut record) = account.own(current) else {
                    return Ok(Decision::Keep((Known::default(), false)));
                };
                let before = record.status();
                if !take(&mut record) {
                    return Ok(Decision::Keep((Known::of(&record), false)));
                }
                let known = Known::of(&record);
                // Who holds a ticket must learn of it where the value opens for them no more, or again.
                let tells = [before, record.status()].contains(&CredentialStatus::Expired);
                Ok(Decision::Write(record, (known, tells)))
            })
            .await;
        if heard.as_ref().map_or(true, |((_, tells), _)| *tells) {
            self.announce(&account.place);
        }
        let ((known, _), version) = heard?;
        self.confirm(account, &path, version).await;
        Ok(known)
    }

    /// Opens what a probe needs, an expired value included, and notes that it is made: of one credential there is one probe in
    /// half a minute, whoever asks.
    ///
    /// # Errors
    /// `OVERLOADED` with the wait where one was made a moment ago.
    pub(crate) async fn first_of_probe(
        &self,
        place: &AccountFolder,
        kinds: &[Kind],
    ) -> Result<Opened, Error> {
        let opened = lookup::first_of(&self.accounts, &self.records, place, kinds, Expired::Opens).await?;
        let kind = opened.credential.kind();
        let noted = self
            .records
            .change(&place.kind(kind), |current: Option<documents::Credential>| {
                let mut record =
                    current.filter(|r| r.incarnation == opened.incarnation).ok_or_else(|| missing(kind))?;
                if let Some(delay) = record.probe_delay(now_ms()) {
                    return Err(probed(&record, kind, delay));
                }
                (record.probe_ms, record.probe_told) = (now_ms(), false);
                Ok(Decision::Write(record, ()))
            })
            .await;
        noted.map(|()| opened)
    }

    /// Marks a record that was written just now. Where that fails, its next ticket does it.
    async fn confirm(&self, account: &Found, path: &str, version: u64) {
        let vouched = self.accounts.confirm(&account.place, path, version, &account.record.incarnation).await;
        if let Err(error) = vouched {
            tracing::warn!(%error, "cannot look at the account of a credential that was written");
        }
    }

    /// Opens the current value of the first of these kinds that the account has. No other kind's record is read, and the
    /// account's own only where no mark spares it.
    pub(crate) async fn first_of(&self, place: &AccountFolder, kinds: &[Kind]) -> Result<Opened, Error> {
        let begin = || {
            let (accounts, records) = (self.accounts.clone(), self.records.clone());
            let (place, kinds) = (place.clone(), kinds.to_vec());
            async move { lookup::first_of(&accounts, &records, &place, &kinds, Expired::Refuses).await }
                .boxed()
        };
        self.flights.join(&place.folder, &kinds.to_vec(), begin).await
    }

    /// Announces a change once it is committed, and also where its outcome is open.
    fn committed<T>(&self, place: &AccountFolder, written: Result<T, Error>) -> Result<T, Error> {
        let may_stand = match &written {
            Ok(_) => true,
            Err(error) => matches!(error.reason(), Reason::StoreUnavailable | Reason::Overloaded),
        };
        if may_stand {
            self.announce(place);
        }
        written
    }

    /// Announces a change of an account or of one of its credentials, and detaches lookups under way, so that later callers read again.
    pub(crate) fn announce(&self, place: &AccountFolder) {
        self.flights.forget(&place.folder);
        self.announcements.account(&place.tenant, place.identifier.as_str());
    }
}

/// What is known of a credential.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) status: CredentialStatus,
    pub(crate) version: i64,
    /// How long a probe has to wait.
    pub(crate) probe_delay: Duration,
}

impl Known {
    fn of(record: &documents::Credential) -> Self {
        Self {
            status: record.status(),
            version: record.version,
            probe_delay: record.probe_delay(now_ms()).unwrap_or_default(),
        }
    }
}

impl Found {
    /// A record, if it belongs to this life of the account.
    fn own(&self, record: Option<documents::Credential>) -> Option<documents::Credential> {
        record.filter(|record| record.incarnation == self.record.incarnation)
    }
}

/// A record of a kind that nothing was put into yet.
fn blank(incarnation: &[u8], kind: Kind) -> documents::Credential {
    let incarnation = incarnation.to_vec();
    documents::Credential { incarnation, kind: kind.into(), ..documents::Credential::default() }
}

/// Checks an expected version as it came in a request.
pub(crate) fn parse_expected(expected: Option<i64>, least: i64, faults: &mut Vec<Violation>) {
    if expected.is_some_and(|version| version < least) {
        let description = format!("must be at least {least}, or unset");
        faults.push(Violation { field: "expected_version".to_owned(), description });
    }
}
