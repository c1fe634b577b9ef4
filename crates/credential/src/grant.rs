//! An opened ticket: what one call may use, for as long as it runs.
use std::sync::Arc;

use granary_rpc::clock::now_ms;
use granary_rpc::{Error, Reason};

use crate::ticket::{Header, Keyring};
use crate::verdict::{self, Verdict};
use crate::{Credential, Kind, Secret};

/// What one call may use. It stands in the request's extensions, and nothing keeps it beyond the call.
#[derive(Clone, Debug)]
pub struct Grant(Arc<Inner>, Option<Arc<Keyring>>);

#[derive(Debug)]
struct Inner {
    header: Header,
    credentials: Vec<(Credential, i64)>,
}

impl Grant {
    pub(crate) fn new(header: Header, credentials: Vec<(Credential, i64)>) -> Self {
        Self(Arc::new(Inner { header, credentials }), None)
    }

    /// With the keys by which what vendors say is signed.
    pub(crate) fn signing_with(self, ring: Arc<Keyring>) -> Self {
        Self(self.0, Some(ring))
    }

    /// Whether it is for a probe.
    pub(crate) fn is_probe(&self) -> bool {
        self.0.header.probe
    }

    /// What the vendor made of the credential of a kind, signed. `None`: there is no such credential, or no key.
    pub fn verdict(&self, kind: Kind, accepted: bool) -> Option<Vec<u8>> {
        let (_, version) = self.credentials().iter().find(|(credential, _)| credential.kind() == kind)?;
        let header = &self.0.header;
        let verdict = Verdict {
            process: header.audience.clone(),
            tenant: header.tenant.clone(),
            account: header.account.clone(),
            incarnation: header.incarnation.clone(),
            kind: kind.into(),
            version: *version,
            accepted,
            probe: header.probe,
            at_ms: now_ms(),
            ..Verdict::default()
        };
        verdict::sign(self.1.as_ref()?, &verdict)
    }

    /// The same as text for a trailer.
    pub fn verdict_text(&self, kind: Kind, accepted: bool) -> Option<String> {
        Some(data_encoding::BASE64.encode(&self.verdict(kind, accepted)?))
    }

    /// That the vendor took what it had not been seen to take before, for the trailer of a call that succeeded. A probe says by
    /// itself what it found, and succeeds also where that is a refusal.
    pub fn acceptance(&self) -> Option<String> {
        if self.is_probe() {
            return None;
        }
        let kinds = self.0.header.unproven.iter().filter_map(|kind| Kind::try_from(*kind).ok());
        let texts: Vec<String> = kinds.filter_map(|kind| self.verdict_text(kind, true)).collect();
        (!texts.is_empty()).then(|| texts.join(","))
    }

    /// The tenant that it was issued for.
    pub fn tenant(&self) -> &str {
        &self.0.header.tenant
    }

    /// The account that it was issued for.
    pub fn account(&self) -> &str {
        &self.0.header.account
    }

    /// The account's incarnation: what is remembered about an account is remembered under this.
    pub fn incarnation(&self) -> &[u8] {
        &self.0.header.incarnation
    }

    /// Every credential with its version.
    pub fn credentials(&self) -> &[(Credential, i64)] {
        &self.0.credentials
    }

    /// The credential of one of these kinds, with its version.
    ///
    /// # Errors
    /// `TICKET_REFUSED`, which cannot happen behind the layer that opened the ticket for the method's own needs.
    pub fn one_of(&self, kinds: &[Kind]) -> Result<(&Credential, i64), Error> {
        self.0
            .credentials
            .iter()
            .find(|(credential, _)| kinds.contains(&credential.kind()))
            .map(|(credential, version)| (credential, *version))
            .ok_or_else(|| {
                Error::new(Reason::TicketRefused, "the ticket lacks a credential that the method needs")
            })
    }

    /// Every secret text inside, for masking.
    pub fn secrets(&self) -> Vec<&Secret> {
        self.0.credentials.iter().flat_map(|(credential, _)| credential.secrets()).collect()
    }

    /// The grant of a request.
    ///
    /// # Errors
    /// `TICKET_REFUSED` where the request came without one.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, Error> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Error::new(Reason::TicketRefused, "the request carries no ticket"))
    }
}
