//! An opened ticket: what one call may use, for as long as it runs.
use std::sync::Arc;

use granary_rpc::{Error, Reason};

use crate::ticket::Header;
use crate::{Credential, Kind, Secret};

/// What one call may use. It stands in the request's extensions, and nothing keeps it beyond the call.
#[derive(Clone, Debug)]
pub struct Grant(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    header: Header,
    credentials: Vec<(Credential, i64)>,
}

impl Grant {
    pub(crate) fn new(header: Header, credentials: Vec<(Credential, i64)>) -> Self {
        Self(Arc::new(Inner { header, credentials }))
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
    pub fn take<T>(request: &tonic::Request<T>) -> Result<Self, Error> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Error::new(Reason::TicketRefused, "the request carries no ticket"))
    }
}
