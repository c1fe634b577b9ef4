//! A call as it arrives, and what its answer tells beside the message.
use std::time::Duration;

use granary_convert::{Typed, check_typed};
use granary_credential::Grant;
use granary_proto::{Method, PolicyTable};
use granary_rpc::{Deadline, Error, Reason};
use prost::Message;
use tonic::Request;
use tonic::metadata::MetadataMap;

/// The time of a call where no listener of ours stands in front.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A call whose ticket was opened and whose request was checked.
#[derive(Debug)]
pub struct Opened {
    /// What the contract says of it.
    pub method: &'static Method,
    /// The request, checked and in the one form in which it is sent on; as it was given; and what the caller should know of how
    /// it was taken.
    pub typed: Typed,
    /// The credentials.
    pub grant: Grant,
    /// When it ends.
    pub deadline: Deadline,
}

impl Opened {
    /// Takes the grant and checks the request.
    ///
    /// # Errors
    /// There is no grant, the contract lacks the method, or the request breaks a rule of the contract.
    pub fn new<M: Message>(
        table: &'static PolicyTable,
        path: &'static str,
        request: &Request<M>,
    ) -> Result<Self, Error> {
        let grant = Grant::from_request(request)?;
        let method = table.path(path).ok_or_else(|| {
            Error::new(Reason::Internal, "the contract lacks a method that is served").with("method", path)
        })?;
        let deadline = request.extensions().get::<Deadline>().copied();
        let deadline = deadline.unwrap_or_else(|| Deadline::after(DEFAULT_TIMEOUT));
        let typed = check_typed(&method.descriptor.input(), request.get_ref())?;
        Ok(Self { method, typed, grant, deadline })
    }
}

/// Puts a text into metadata, where there is one.
pub fn tell(metadata: &mut MetadataMap, name: &'static str, text: Option<String>) {
    if let Some(value) = text.and_then(|text| text.parse().ok()) {
        metadata.insert(name, value);
    }
}
