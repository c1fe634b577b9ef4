//! One call, step by step: limits, admission, policy, account, ticket, forward.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use granary_proto::granary::policy::v1::Exposure;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::health;
use granary_server::stack::{Record, Recorded, answer_deadline, is_health, with_reason};
use granary_server::{Incoming, RequestId, Unary};
use http::{HeaderMap, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use crate::admit::Admitted;
use crate::arriving::Arriving;
use crate::body::{Limited, Outbound, Source};
use crate::core::{Core, not_here};
use crate::forward::{Behalf, Outgoing};
use crate::in_flight::Place;
use crate::relay::{Reader, Relay};

/// A message's five-byte prefix counts towards the body, not towards the message.
const PREFIX: usize = 5;
/// Bytes that a request of health or reflection may have in all: it names a service or a symbol.
const MAX_OPEN_BYTES: usize = 64 * 1024;

/// The gateway as one thread serves it.
#[derive(Clone)]
pub(crate) struct Gateway {
    core: Core,
    own: Arc<OwnRoutes>,
}

/// What the gateway answers by itself.
struct OwnRoutes {
    /// Health and reflection, which need no key.
    open: Routes,
    /// Tools by name.
    tools: Routes,
}

impl Gateway {
    pub(crate) fn new(core: Core, open: Routes, tools: Routes) -> Self {
        Self { core, own: Arc::new(OwnRoutes { open: open.prepare(), tools: tools.prepare() }) }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        id: &RequestId,
        record: &mut Record,
    ) -> Result<Response<Relay>, Status> {
        let path = request.uri().path();
        let limits = &self.core.shared.config.limits;
        let deadline = Deadline::from_header(
            request.headers().get(&name::TIMEOUT),
            Duration::from_millis(limits.default_deadline_ms),
            Duration::from_millis(limits.max_deadline_ms),
        )?;
        if path.starts_with("/grpc.health.v1.") || path.starts_with("/grpc.reflection.") {
            let ends = answer_deadline(path, request.headers(), deadline);
            let is_health = is_health(path);
            let request = request.map(|body| match Limited::new(body, MAX_OPEN_BYTES) {
                body if is_health => Body::new(Unary::new(body, health::MAX_REQUEST)),
                body => Body::new(body),
            });
            let call = self.own.open.clone().call(request);
            let response = own(Box::pin(call), deadline, ends).await?;
            return Ok(self.read_by(response, None, None));
        }
        let caller =
            self.core.shared.principals.admit(request.headers(), &self.core.broker, deadline).await?;
        record.caller(caller.tenant_header());
        let table = self.core.shared.table;
        let method = table.path(path).ok_or_else(granary_server::stack::unknown_method)?;
        if method.exposure != Exposure::Gateway {
            return Err(not_here(method).into());
        }
        let place = caller.begin(method.descriptor.is_server_streaming())?;
        let reader = (caller.clone(), place);
        let (mut parts, body) = request.into_parts();
        let body = Limited::new(body, limits.max_message_bytes + PREFIX);
        let response = if method.service == "granary.gateway.v1.ToolService" {
            parts.extensions.insert(deadline);
            parts.extensions.insert(id.clone());
            parts.extensions.insert(record.account_later());
            let body = Arriving::new(body, self.core.shared.unfinished.clone(), caller.clone());
            parts.extensions.insert(caller);
            let body = Unary::new(body, limits.max_message_bytes);
            let call = self.own.tools.clone().call(Request::from_parts(parts, body));
            let call = async { Ok(with_reason(call.await?)) };
            own(Box::pin(call), deadline, Some(deadline)).await?
        } else {
            let behalf = if method.needs.is_empty() {
                caller.check_scope(method.scope)?;
                Behalf::Caller
            } else {
                let account = account(&parts.headers)?;
                if let Some(header) = parts.headers.get(&name::ACCOUNT) {
                    record.account(header.clone());
                }
                let ticket = self.core.ticket(&caller, &account, method, deadline).await?;
                Behalf::Account { caller, account, ticket }
            };
            let body = Outbound::new(Source::Caller(body));
            let call = Outgoing { method, headers: &parts.headers, id, deadline, body };
            self.core.forward(call, behalf).await?
        };
        let (caller, place) = reader;
        Ok(self.read_by(response, Some(caller), Some(place)))
    }

    /// Counts the call, and what waits for its reader, until its answer ends.
    fn read_by(
        &self,
        response: Response<Relay>,
        caller: Option<Admitted>,
        place: Option<Place>,
    ) -> Response<Relay> {
        let reader = Reader { unread: self.core.shared.unread.clone(), caller, _place: place };
        response.map(|relay| relay.for_reader(reader))
    }
}

/// The account that the call names, exactly once.
fn account(headers: &HeaderMap) -> Result<Identifier, Error> {
    let mut values = headers.get_all(&name::ACCOUNT).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Identifier::from_header(value.as_bytes()),
        (None, _) => Err(Error::new(
            Reason::AccountHeaderInvalid,
            "say which connected account to call as: send its identifier, percent-encoded, as granary-account",
        )),
        (Some(_), Some(_)) => {
            Err(Error::new(Reason::AccountHeaderInvalid, "granary-account must stand exactly once"))
        }
    }
}

/// An answer of the gateway's own, whose request may arrive late and whose reader may be slow.
async fn own(
    call: impl Future<Output = Result<Response<Body>, Infallible>>,
    deadline: Deadline,
    ends: Option<Deadline>,
) -> Result<Response<Relay>, Status> {
    match tokio::time::timeout_at(deadline.instant(), call).await {
        Ok(Ok(response)) => Ok(response.map(|body| Relay::own(body, ends))),
        Ok(Err(never)) => match never {},
        Err(_) => Err(Deadline::error().into()),
    }
}

impl Service<Request<Incoming>> for Gateway {
    type Response = Response<Recorded<Relay>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let id = RequestId::of(request.headers());
        let mut record = Record::new(request.uri().path(), &id, request.headers(), Instant::now());
        let gateway = self.clone();
        Box::pin(async move {
            let mut response = match gateway.answer(request, &id, &mut record).await {
                Ok(response) => response,
                Err(status) => status.into_http::<Body>().map(|body| Relay::own(body, None)),
            };
            response.headers_mut().insert(name::REQUEST_ID.clone(), id.header().clone());
            Ok(record.observe(response))
        })
    }
}
