//! One request to an upstream, without its credentials.
mod mapping;
mod value;

use std::fmt;

use granary_proto::Method;
use granary_proto::granary::policy::v1::Effect;
pub use granary_proto::granary::policy::v1::Verb;
use granary_rpc::Error;
use prost::Message;
use prost_reflect::DynamicMessage;

/// One request to an upstream, without its credentials.
#[derive(Clone, Default, PartialEq)]
pub struct Call {
    /// The HTTP method.
    pub verb: Verb,
    /// The path below the base URL, percent-encoded.
    pub path: String,
    /// Names and values of the query, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<serde_json::Value>,
    /// Whether a repeat does no harm: a read. Other calls are sent once.
    pub repeatable: bool,
    /// Whether the upstream bills each repeat. Such a call is repeated only where it was not taken up.
    pub charged: bool,
}

impl Call {
    /// A call with nothing but a verb and a path, sent once.
    pub fn new(verb: Verb, path: impl Into<String>) -> Self {
        Self { verb, path: path.into(), ..Self::default() }
    }

    /// The call that a method declares, with the fields of its request: those named in the path there, the others in
    /// the query of a GET or DELETE, or the JSON body of a POST or PATCH; all in the query where the method says so.
    ///
    /// # Errors
    /// `INVALID_INPUT` with every fault of a field; `INTERNAL` where the method's mapping is not mechanical.
    pub fn from_message(method: &Method, message: &DynamicMessage) -> Result<Self, Error> {
        mapping::call(method, message)
    }

    /// [`Call::from_message`] for a generated type.
    ///
    /// # Errors
    /// As [`Call::from_message`].
    pub fn from_typed(method: &Method, message: &impl Message) -> Result<Self, Error> {
        let bytes = message.encode_to_vec();
        let message =
            DynamicMessage::decode(method.descriptor.input(), bytes.as_slice()).map_err(|error| {
                mapping::unmappable(method, "its request is of another type").caused_by(error)
            })?;
        Self::from_message(method, &message)
    }

    fn for_method(method: &Method, verb: Verb, path: String) -> Self {
        let charged = method.effect == Effect::ChargedRead;
        Self { verb, path, repeatable: method.is_read(), charged, ..Self::default() }
    }
}

/// Paths, queries and bodies hold what users wrote, and stay out of logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("verb", &self.verb)
            .field("repeatable", &self.repeatable)
            .field("charged", &self.charged)
            .finish_non_exhaustive()
    }
}
