//! Why a call has no answer, and whether anything was done for it.
use super::EndpointId;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was sent: there is no connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// Nothing was sent: the connection was about to end.
    #[error("the connection was about to end: {0}")]
    Ended(String),
    /// Nothing was sent: every connection has as many calls as the peer takes.
    #[error("every connection has as many calls as the peer takes")]
    Full,
    /// The peer says that it did not begin with the call.
    #[error("the peer did not begin with the call: {0}")]
    Unprocessed(#[source] h2::Error),
    /// The call may have been begun.
    #[error(transparent)]
    Broken(h2::Error),
}

impl Error {
    /// Whether nothing was done for the call, so that it may be sent again whatever it does.
    pub fn is_unprocessed(&self) -> bool {
        !matches!(self, Self::Broken(_))
    }

    /// Whether nobody is there, or nobody has room, so that sending it again at once would not help.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Full)
    }
}

impl From<h2::Error> for Error {
    fn from(error: h2::Error) -> Self {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        // A GOAWAY of the peer's ends only those streams that are above the last which it names.
        if error.is_remote() && (refused || error.is_go_away()) {
            Self::Unprocessed(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// A call without an answer, and the body of its request.
#[derive(Debug)]
pub struct Failed<B> {
    /// Why.
    pub error: Error,
    /// The request's body.
    pub body: B,
    /// The address that it was sent to, or would have been.
    pub endpoint: Option<EndpointId>,
}
