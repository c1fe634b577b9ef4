//! Who calls, and what they may do.
mod arriving;
mod layer;

use granary_proto::Method;
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::RequestId;
use http::HeaderMap;

use crate::domain::caller::Caller;
use crate::ops::audit::Entry;

pub(crate) use arriving::Arriving;
pub(crate) use layer::AdmitLayer;

/// One admitted call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) method: &'static Method,
    pub(crate) id: RequestId,
    /// Unknown where no listener of ours stands in front.
    pub(crate) deadline: Option<Deadline>,
    /// The values of `granary-account`, which no request needs here; one that stands must name the request's account.
    pub(crate) named: HeaderMap,
}

impl Call {
    /// A line for the audit log.
    pub(crate) fn entry(&self) -> Entry {
        let mut entry = Entry::new(self.method, &self.id, self.deadline);
        entry.caller(&self.caller);
        entry
    }

    /// Whether the call may be made for the account that its request names.
    pub(crate) fn must_cover(&self, identifier: &Identifier) -> Result<(), Error> {
        identifier.must_be_in(&self.named)?;
        self.caller.must_cover(identifier)
    }

    /// The call that the layer admitted.
    pub(crate) fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, Error> {
        let none = || Error::new(Reason::ApiKeyMissing, "the request was not admitted");
        request.extensions().get::<Self>().cloned().ok_or_else(none)
    }
}
