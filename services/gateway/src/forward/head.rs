//! The headers of a call as a service will see them: the gateway's own, and the caller's options, parsed. All else is dropped.
use granary_rpc::metadata::name;
use granary_rpc::{Error, Reason};
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderMap, HeaderValue};

use super::{Behalf, Outgoing};
use crate::backend::Backend;
use crate::options;

pub(super) fn build(backend: &Backend, call: &Outgoing<'_>, behalf: &Behalf) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, content_type(call.headers));
    headers.insert(name::TIMEOUT.clone(), call.deadline.header());
    headers.insert(name::REQUEST_ID.clone(), call.id.header().clone());
    options::pass_on(call.headers, &mut headers)?;
    if let Some(key) = &backend.peer_key {
        headers.insert(name::PEER_KEY.clone(), key.clone());
    }
    match behalf {
        Behalf::Caller => {
            if let Some(value) = call.headers.get(&name::AUTHORIZATION) {
                let mut value = value.clone();
                value.set_sensitive(true);
                headers.insert(name::AUTHORIZATION.clone(), value);
            }
            // It is compared with the account that the request names, which only the service reads.
            for value in call.headers.get_all(&name::ACCOUNT) {
                headers.append(name::ACCOUNT.clone(), value.clone());
            }
        }
        Behalf::Account { caller, account, ticket } => {
            headers.insert(name::TICKET.clone(), ticket.header());
            headers.insert(name::INCARNATION.clone(), ticket.incarnation());
            headers.insert(name::TENANT.clone(), caller.tenant_header());
            let account = HeaderValue::try_from(account.to_header())
                .map_err(|_| Error::new(Reason::Internal, "the account cannot be a header"))?;
            headers.insert(name::ACCOUNT.clone(), account);
        }
    }
    Ok(headers)
}

fn content_type(headers: &HeaderMap) -> HeaderValue {
    match headers.get(CONTENT_TYPE) {
        Some(value) if value.as_bytes() == b"application/grpc+proto" => value.clone(),
        _ => HeaderValue::from_static("application/grpc"),
    }
}
