//! What stands in front of every service alike: the peer is checked, the deadline enforced, the call traced and counted.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Reason};
use http::header::CONTENT_TYPE;
use http::{Extensions, HeaderMap, HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::Service;

use crate::encoding;
use crate::health;
use crate::limits::Limits;
use crate::peer_key::PeerGuard;
use crate::unary::Unary;

mod record;
mod timed;

pub use record::{LaterAccount, LaterTenant, Record, Recorded};
pub use timed::{Timed, trailers};

/// The name of one request in logs, here and at every service that it reaches.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

/// The stack in front of a service's routes.
#[derive(Clone)]
pub struct Stack {
    routes: Routes,
    guard: PeerGuard,
    default_deadline: Duration,
    max_deadline: Duration,
    max_message_bytes: usize,
}

impl Stack {
    /// Puts the stack in front of routes.
    pub fn new(routes: Routes, guard: PeerGuard, limits: &Limits) -> Self {
        Self {
            routes: routes.prepare(),
            guard,
            default_deadline: Duration::from_millis(limits.default_deadline_ms),
            max_deadline: Duration::from_millis(limits.max_deadline_ms),
            max_message_bytes: limits.max_message_bytes,
        }
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl RequestId {
    /// The caller's own id where it sent a fit one, else a fresh one.
    pub fn of(headers: &HeaderMap) -> Self {
        let fit =
            |value: &&HeaderValue| value.len() <= 64 && value.as_bytes().iter().all(u8::is_ascii_graphic);
        let given = headers.get(&name::REQUEST_ID).filter(fit);
        match given.or_else(|| headers.get(&name::X_REQUEST_ID).filter(fit)) {
            Some(value) => Self::new(value.clone()),
            None => Self::random(),
        }
    }

    /// The id that a listener of ours gave the call; where none stands in front, that of its headers.
    pub fn of_call(extensions: &Extensions, headers: &HeaderMap) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self::of(headers))
    }

    fn random() -> Self {
        let text = format!("{:016x}", rand::random::<u64>());
        Self::new(HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("0")))
    }

    /// An id differs from call to call, so it is kept out of the header compression's table.
    fn new(mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self(value)
    }

    /// The id as a header value.
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Reads the deadline of a request.
fn deadline(headers: &HeaderMap, stack: &Stack) -> Result<Deadline, Error> {
    Deadline::from_header(headers.get(&name::TIMEOUT), stack.default_deadline, stack.max_deadline)
}

/// How long a call that needs no key may take until its answer begins.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Readies a call of health or reflection, which need no key: nothing of its headers is kept while it lasts, and it has little
/// time until its answer begins, by the deadline that is returned.
pub fn open(headers: &mut HeaderMap, deadline: Deadline) -> Deadline {
    let content_type = headers.remove(CONTENT_TYPE);
    *headers = HeaderMap::new();
    headers.extend(content_type.map(|value| (CONTENT_TYPE, value)));
    let soon = Deadline::after(OPEN_TIMEOUT);
    if soon.instant() < deadline.instant() { soon } else { deadline }
}

/// Streams that tell of changes for as long as somebody listens. They end by a deadline only where the caller names one.
const ENDLESS: [&str; 2] =
    ["/grpc.health.v1.Health/Watch", "/granary.internal.v1.CredentialBroker/WatchInvalidations"];

/// The deadline of an answer, once it has begun.
pub fn answer_deadline(path: &str, headers: &HeaderMap, deadline: Deadline) -> Option<Deadline> {
    let endless = ENDLESS.contains(&path) && !headers.contains_key(&name::TIMEOUT);
    (!endless).then_some(deadline)
}

impl<B> Service<Request<B>> for Stack
where
    B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Recorded<Timed<Body>>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = RequestId::of(request.headers());
        let mut record = Record::new(request.uri().path(), &id, request.headers(), Instant::now());
        // Health and reflection speak as their own protocols have it.
        let library = request.uri().path().starts_with("/grpc.");
        // Orchestrators that ask for health cannot send a key. Whoever sends one is told whether it is the right one.
        let without_key = !request.headers().contains_key(&name::PEER_KEY);
        let refused = if is_health(request.uri().path()) && without_key {
            None
        } else {
            self.guard.check(request.headers_mut()).err()
        };
        let deadline = match refused.map_or_else(|| deadline(request.headers(), self), Err) {
            Ok(deadline) => deadline,
            Err(error) => {
                let response = error.into_status().into_http().map(|body| Timed::new(body, None));
                return Box::pin(std::future::ready(Ok(record.observe(response))));
            }
        };
        if matches!(self.guard, PeerGuard::Public) {
            request.extensions_mut().insert(record.tenant_later());
        } else {
            record.trust(request.headers());
        }
        let ends = answer_deadline(request.uri().path(), request.headers(), deadline);
        request.extensions_mut().insert(deadline);
        request.extensions_mut().insert(id.clone());
        let limit = match (library, is_health(request.uri().path())) {
            (false, _) => Some(self.max_message_bytes),
            (true, true) => Some(health::MAX_REQUEST),
            // Reflection's requests are streams; the library's own limit is a few hundred bytes.
            (true, false) => None,
        };
        let is_gzip = encoding::take(request.headers_mut());
        let until = if library { open(request.headers_mut(), deadline) } else { deadline };
        let call = self.routes.call(request.map(|body| match limit {
            None => Body::new(body),
            Some(limit) => Body::new(Unary::new(body, limit).of_gzip(is_gzip)),
        }));
        Box::pin(async move {
            let mut response = match tokio::time::timeout_at(until.instant(), call).await {
                Ok(Ok(response)) if library => response,
                Ok(Ok(response)) => with_reason(response),
                Ok(Err(never)) => match never {},
                Err(_) => Deadline::error().into_status().into_http(),
            };
            response.headers_mut().insert(name::REQUEST_ID.clone(), id.0.clone());
            Ok(record.observe(response.map(|body| Timed::new(body, ends))))
        })
    }
}

/// Whether a path is that of a method of health, each of which takes one message.
pub fn is_health(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.")
}

/// Gives a reason to a refusal of the library beneath, which has none: it could not read the request.
pub fn with_reason(mut response: Response<Body>) -> Response<Body> {
    let Some(status) = response.extensions_mut().remove::<Status>() else { return response };
    if status.code() == Code::Ok || !status.details().is_empty() {
        response.extensions_mut().insert(status);
        return response;
    }
    let error = match status.code() {
        Code::Unimplemented => unknown_method(),
        Code::OutOfRange | Code::ResourceExhausted => {
            Error::new(Reason::LimitExceeded, "the message is larger than the service accepts")
        }
        Code::Internal | Code::InvalidArgument | Code::Unknown => {
            Error::new(Reason::InvalidInput, "the request cannot be read as a message of its type")
        }
        Code::DeadlineExceeded | Code::Cancelled => Deadline::error(),
        _ => Error::new(Reason::Internal, "the call failed"),
    };
    error.caused_by(status).into_status().into_http()
}

/// The answer to a path that no service serves.
pub fn unknown_method() -> Error {
    Error::new(Reason::MethodUnknown, "no such method")
}
