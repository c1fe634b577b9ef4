//! How one record changes. PENDING → ACTIVE → SUSPECT → EXPIRED; a put or a rollback starts over, and a probe that the vendor
//! accepts revives; REVOKED ends by a put only.
use std::time::Duration;

use granary_credential::verdict::Verdict;
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus as Status};

use crate::domain::documents::{Credential, Value};
use crate::domain::time::timestamp;

/// Versions whose values are kept, the current one included.
pub(super) const KEPT: usize = 5;

/// Shortest time between two probes of one credential, in milliseconds: also between the two that settle that it has expired.
pub(super) const PROBE_INTERVAL_MS: i64 = 30_000;

/// How long others wait for what a probe finds, in milliseconds. Where it breaks off, nobody tells.
const PROBE_WAIT_MS: i64 = 5_000;

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
        (self.verdict_ms, self.probe_rejected_ms, self.probe_ms) = (0, 0, 0);
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

    /// Takes what the vendor made of a version; `false` if nothing changes. One rejection, of a call or of a probe, makes it
    /// SUSPECT, which still serves; two rejected probes, half a minute apart, settle that it has expired.
    pub(super) fn hear(&mut self, verdict: &Verdict, now_ms: i64) -> bool {
        let at_ms = i64::try_from(verdict.at_ms).unwrap_or(i64::MAX);
        if verdict.version != self.version || at_ms <= self.verdict_ms {
            return false;
        }
        let is_second = self.probe_rejected_ms != 0 && at_ms >= self.probe_rejected_ms + PROBE_INTERVAL_MS;
        let next = match (self.status(), verdict.accepted, verdict.probe) {
            (Status::Pending | Status::Suspect, true, _) | (Status::Expired, true, true) => Status::Active,
            (Status::Pending | Status::Active, false, _) => Status::Suspect,
            (Status::Suspect, false, true) if is_second => Status::Expired,
            (Status::Suspect, false, true) if self.probe_rejected_ms == 0 => Status::Suspect,
            _ => return false,
        };
        self.verdict_ms = at_ms;
        if verdict.accepted {
            self.probe_rejected_ms = 0;
        } else if verdict.probe && self.probe_rejected_ms == 0 {
            self.probe_rejected_ms = at_ms;
        }
        if next != self.status() {
            self.become_status(next, now_ms);
        }
        true
    }

    /// How long a probe has to wait; nothing where one may be made now.
    pub(super) fn probe_delay(&self, now_ms: i64) -> Option<Duration> {
        let left =
            self.probe_ms.saturating_add(PROBE_INTERVAL_MS).saturating_sub(now_ms).min(PROBE_INTERVAL_MS);
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Notes that a probe's verdict was told; `false` where that changes nothing.
    pub(super) fn tell_probe(&mut self, verdict: &Verdict) -> bool {
        verdict.probe && verdict.version == self.version && !std::mem::replace(&mut self.probe_told, true)
    }

    /// Whether what the last probe found is still to be waited for.
    pub(super) fn probe_is_open(&self, now_ms: i64) -> bool {
        !self.probe_told && now_ms.saturating_sub(self.probe_ms) < PROBE_WAIT_MS
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
