//! What the gateway found out about a call of a tool before the tool service sees it.
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::RequestId;
use granary_server::stack::LaterAccount;
use http::{HeaderMap, HeaderValue};
use tonic::Request;

use crate::admit::Admitted;

/// A call under way.
pub(super) struct Context {
    pub(super) caller: Admitted,
    pub(super) deadline: Deadline,
    pub(super) id: RequestId,
    pub(super) headers: HeaderMap,
    later: Option<LaterAccount>,
}

impl Context {
    pub(super) fn of<T>(request: &Request<T>) -> Result<Self, Error> {
        let extensions = request.extensions();
        let found =
            (extensions.get::<Admitted>(), extensions.get::<Deadline>(), extensions.get::<RequestId>());
        let (Some(caller), Some(deadline), Some(id)) = found else {
            return Err(Error::new(Reason::Internal, "the call was not admitted"));
        };
        let headers = request.metadata().clone().into_headers();
        let later = extensions.get::<LaterAccount>().cloned();
        Ok(Self { caller: caller.clone(), deadline: *deadline, id: id.clone(), headers, later })
    }

    /// The account that stands in the body, once the caller is known to be allowed to act for it. The call's line in the
    /// log names it.
    pub(super) fn account(&self, identifier: &str) -> Result<Identifier, Error> {
        let account = Identifier::parse(identifier).map_err(|violation| Error::invalid(vec![violation]))?;
        if let (Some(later), Ok(value)) = (&self.later, HeaderValue::try_from(account.to_header())) {
            // Set once at most: a call has one account.
            let _ = later.0.set(value);
        }
        account.must_be_in(&self.headers)?;
        self.caller.check_account(account.as_str())?;
        Ok(account)
    }
}
