//! How one record changes. PENDING → ACTIVE → SUSPECT → EXPIRED; a put or a rollback starts over; REVOKED ends by a put only.
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus as Status, Outcome};

use crate::documents::{Credential, Value};
use crate::time::timestamp;

/// Versions whose values are kept, the current one included.
pub(super) const KEPT: usize = 5;

/// A value that was just sealed.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) sealed: Vec<u8>,
    pub(super) fingerprint: String,
}

impl Credential {
    /// Adds a value as the next version.
    pub(super) fn put(&mut self, fresh: Fresh, now_ms: i64) {
        self.version += 1;
        self.put_ms = now_ms;
        self.values.push(Value {
            version: self.version,
            sealed: fresh.sealed,
            put_ms: now_ms,
            fingerprint: fresh.fingerprint,
        });
        let surplus = self.values.len().saturating_sub(KEPT);
        self.values.drain(..surplus);
        self.become_status(Status::Pending, now_ms);
    }

    /// Adds a kept version's value as the next version; `false` if the version is not kept.
    pub(super) fn roll_back(&mut self, version: i64, now_ms: i64) -> bool {
        let Some(kept) = self.values.iter().find(|value| value.version == version) else { return false };
        let fresh = Fresh { sealed: kept.sealed.clone(), fingerprint: kept.fingerprint.clone() };
        self.put(fresh, now_ms);
        true
    }

    /// Erases all values; `false` if that was done before.
    pub(super) fn revoke(&mut self, now_ms: i64) -> bool {
        if self.status() == Status::Revoked {
            return false;
        }
        self.values.clear();
        self.become_status(Status::Revoked, now_ms);
        true
    }

    /// Takes what upstream made of a version; `false` if nothing changes.
    pub(super) fn report(&mut self, version: i64, outcome: Outcome, now_ms: i64) -> bool {
        if version != self.version {
            return false;
        }
        let next = match (self.status(), outcome) {
            (Status::Pending | Status::Suspect, Outcome::Accepted) => Status::Active,
            (Status::Pending | Status::Active, Outcome::Rejected) => Status::Suspect,
            (Status::Pending | Status::Active | Status::Suspect, Outcome::ProbeRejected) => Status::Expired,
            _ => return false,
        };
        self.become_status(next, now_ms);
        true
    }

    /// The current value; none after a revocation.
    pub(super) fn current(&self) -> Option<&Value> {
        self.values.last().filter(|value| value.version == self.version)
    }

    /// What may be shown.
    pub(crate) fn shown(&self) -> CredentialState {
        CredentialState {
            kind: self.kind,
            version: self.version,
            status: self.status,
            put_time: timestamp(self.put_ms),
            status_time: timestamp(self.status_ms),
            fingerprint: self.current().map(|value| value.fingerprint.clone()).unwrap_or_default(),
            kept_versions: self.values.iter().map(|value| value.version).collect(),
        }
    }

    fn become_status(&mut self, status: Status, now_ms: i64) {
        self.set_status(status);
        self.status_ms = now_ms;
    }
}
