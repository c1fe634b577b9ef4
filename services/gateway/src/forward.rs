//! Forwards one call: outgoing metadata is built from nothing, frames pass as they are.
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use granary_proto::Method;
use granary_proto::granary::policy::v1::Effect;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::{RequestId, link};
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use tokio::time::Sleep;
use tonic::Status;

use crate::admit::Admitted;
use crate::body::{Exceeded, Outbound, Relay, strip, unknown_outcome};
use crate::core::{Backend, Core};
use crate::options;
use crate::outcome::Watch;
use crate::tickets::Ticket;

/// Frames pass untouched, so what says how they are encoded passes too.
const ENCODING: [HeaderName; 2] =
    [HeaderName::from_static("grpc-encoding"), HeaderName::from_static("grpc-accept-encoding")];
/// When a caller may try again while a service is away.
const RETRY: Duration = Duration::from_secs(1);

/// A call as a service will see it.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'static Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) id: &'a RequestId,
    pub(crate) deadline: Deadline,
    pub(crate) body: Outbound,
}

/// On whose behalf.
pub(crate) enum Behalf {
    /// Credential-vault admits the caller by itself.
    Caller,
    /// With a ticket.
    Account { caller: Admitted, account: Identifier, ticket: Arc<Ticket> },
}

impl Core {
    /// Forwards a call and returns the answer as it begins.
    pub(crate) async fn forward(
        &self,
        call: Outgoing<'_>,
        behalf: Behalf,
    ) -> Result<Response<Relay>, Status> {
        let backend = self.backend(call.method)?;
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, content_type(call.headers));
        headers.insert(name::TIMEOUT.clone(), call.deadline.header());
        headers.insert(name::REQUEST_ID.clone(), call.id.header().clone());
        for encoding in ENCODING {
            if let Some(value) = call.headers.get(&encoding) {
                headers.insert(encoding, value.clone());
            }
        }
        options::pass_on(call.headers, &mut headers)?;
        if let Some(edge) = &backend.edge {
            headers.insert(name::EDGE_KEY.clone(), edge.clone());
        }
        let watch = match behalf {
            Behalf::Caller => {
                if let Some(value) = call.headers.get(&name::AUTHORIZATION) {
                    let mut value = value.clone();
                    value.set_sensitive(true);
                    headers.insert(name::AUTHORIZATION.clone(), value);
                }
                None
            }
            Behalf::Account { caller, account, ticket } => {
                headers.insert(name::TICKET.clone(), ticket.header());
                headers.insert(name::INCARNATION.clone(), ticket.incarnation());
                headers.insert(name::TENANT.clone(), caller.tenant_header());
                let account_header = HeaderValue::try_from(account.to_header())
                    .map_err(|_| Error::new(Reason::Internal, "the account cannot be a header"))?;
                headers.insert(name::ACCOUNT.clone(), account_header);
                Some(Watch::new(self.clone(), caller, account, ticket))
            }
        };
        let mut request = Request::new(call.body);
        *request.method_mut() = http::Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = backend.link.uri(&call.method.path)?;
        *request.headers_mut() = headers;
        let mut sleep = Box::pin(tokio::time::sleep_until(call.deadline.instant()));
        let response = send(backend, request, &mut sleep, call.method).await?;
        Ok(relay(response, changes(call.method), watch, sleep))
    }
}

async fn send(
    backend: &Backend,
    request: Request<Outbound>,
    sleep: &mut Pin<Box<Sleep>>,
    method: &Method,
) -> Result<Response<link::Answer<Outbound>>, Error> {
    let exceeded = request.body().exceeded();
    tokio::select! {
        biased;
        answer = backend.link.send(request) => answer.map_err(|error| match exceeded {
            Some(exceeded) if exceeded.is_set() => Exceeded::error(),
            _ => failed(backend, error, method),
        }),
        () = sleep => {
            let error = Deadline::error();
            // The service sees the same deadline, but its word cannot arrive any more.
            Err(if changes(method) { error.with("outcome", "unknown") } else { error })
        }
    }
}

/// What a broken connection to a service means for the caller.
fn failed(backend: &Backend, error: link::Error, method: &Method) -> Error {
    if matches!(error, link::Error::Broken(_)) && changes(method) {
        return unknown_outcome(&format!("the connection to {} broke", backend.name)).caused_by(error);
    }
    Error::new(Reason::ServiceUnavailable, format!("{} cannot be reached", backend.name))
        .with("service", backend.name)
        .retry_after(RETRY)
        .caused_by(error)
}

/// Whether a call changes something upstream, so that a lost answer leaves its outcome unknown.
fn changes(method: &Method) -> bool {
    method.effect == Effect::Write && method.upstream.is_some()
}

fn relay(
    response: Response<link::Answer<Outbound>>,
    write: bool,
    mut watch: Option<Watch>,
    sleep: Pin<Box<Sleep>>,
) -> Response<Relay> {
    let (mut parts, body) = response.into_parts();
    let outcome = strip(&mut parts.headers);
    // An answer without a body carries its status in the headers.
    if let Some(status) = parts.headers.get(&name::STATUS)
        && let Some(watch) = watch.take()
    {
        watch.ended(Some(status), outcome.as_ref());
    }
    Response::from_parts(parts, Relay::forwarded(body, write, watch, sleep))
}

fn content_type(headers: &HeaderMap) -> HeaderValue {
    match headers.get(CONTENT_TYPE) {
        Some(value) if value.as_bytes() == b"application/grpc+proto" => value.clone(),
        _ => HeaderValue::from_static("application/grpc"),
    }
}
