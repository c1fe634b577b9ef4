//! One call, step by step: limits, admission, policy, account, ticket, forward.
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::poll;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::stack::{Record, Recorded, answer_deadline, is_health, open, with_reason};
use granary_server::{Incoming, RequestId, Unary};
use granary_server::{encoding, health};
use http::{HeaderMap, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use crate::admit::Admitted;
use crate::arriving::{Arriving, gather};
use crate::body::{Limited, Outbound};
use crate::core::{Core, is_served, not_here};
use crate::forward::{Behalf, Outgoing};
use crate::in_flight::Permits;
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
        mut request: Request<Incoming>,
        id: &RequestId,
        record: &mut Record,
    ) -> Result<Response<Box<Relay>>, Status> {
        let is_gzip = encoding::take(request.headers_mut());
        let path = request.uri().path();
        let limits = &self.core.shared.config.limits;
        let deadline = Deadline::from_header(
            request.headers().get(&name::TIMEOUT),
            Duration::from_millis(limits.default_deadline_ms),
            Duration::from_millis(limits.max_deadline_ms),
        )?;
        // Boxed like the other answers of our own, so that a call that is forwarded does not carry the room that they need.
        if path.starts_with("/grpc.health.v1.") || path.starts_with("/grpc.reflection.") {
            return Box::pin(self.open(request, is_gzip, deadline)).await;
        }
        let caller = self.core.admit(request.headers(), deadline).await?;
        record.caller(caller.tenant_header());
        let table = self.core.shared.table;
        let method = table.path(path).ok_or_else(granary_server::stack::unknown_method)?;
        if !is_served(method) {
            return Err(not_here(method).into());
        }
        let places = (caller.begin()?, caller.lasts(method)?);
        let reader = (caller.clone(), places);
        let (mut parts, body) = request.into_parts();
        let body = Limited::new(body, limits.max_message_bytes + PREFIX);
        let body = Arriving::new(body, self.core.shared.unfinished.clone(), caller.clone());
        let body = Unary::new(body, limits.max_message_bytes).of_gzip(is_gzip);
        let response = if method.service == "granary.gateway.v1.ToolService" {
            parts.extensions.insert(deadline);
            parts.extensions.insert(id.clone());
            parts.extensions.insert(record.account_later());
            parts.extensions.insert(caller);
            let call = self.own.tools.clone().call(Request::from_parts(parts, body));
            let call = async { Ok(with_reason(call.await?)) };
            Box::pin(own(call, deadline, Some(deadline))).await?
        } else {
            caller.check_scope(method.scope)?;
            let account = if method.needs.is_empty() { None } else { Some(account(&parts.headers)?) };
            if let (Some(account), Some(header)) = (&account, parts.headers.get(&name::ACCOUNT)) {
                record.account(header.clone());
                caller.check_account(account.as_str())?;
            }
            let mut gathering = pin!(gather(body, deadline));
            let (message, caller) = match poll!(gathering.as_mut()) {
                Poll::Ready(message) => (message?, caller),
                Poll::Pending => {
                    let message = gathering.await?;
                    // The key may have been revoked while its request arrived.
                    (message, self.core.admit(&parts.headers, deadline).await?)
                }
            };
            let behalf = match account {
                None => Behalf::Caller,
                Some(account) => {
                    let ticket = self.core.ticket(&caller, &account, method, deadline).await?;
                    Behalf::Account { caller, account, ticket }
                }
            };
            let body = Outbound::new(message);
            let call = Outgoing { method, headers: &parts.headers, id, deadline, body };
            self.core.forward(call, behalf).await?
        };
        let (caller, place) = reader;
        Ok(self.read_by(response, Some(caller), Some(place)))
    }

    /// Answers health and reflection, for which no key is asked.
    async fn open(
        &self,
        mut request: Request<Incoming>,
        is_gzip: bool,
        deadline: Deadline,
    ) -> Result<Response<Box<Relay>>, Status> {
        let path = request.uri().path();
        let (ends, is_health) = (answer_deadline(path, request.headers(), deadline), is_health(path));
        let deadline = open(request.headers_mut(), deadline);
        let request = request.map(|body| match Limited::new(body, MAX_OPEN_BYTES) {
            body if is_health => Body::new(Unary::new(body, health::MAX_REQUEST).of_gzip(is_gzip)),
            body => Body::new(body),
        });
        let response = own(self.own.open.clone().call(request), deadline, ends).await?;
        Ok(self.read_by(response, None, None))
    }

    /// Counts the call, and what waits for its reader, until its answer ends.
    fn read_by(
        &self,
        response: Response<Box<Relay>>,
        caller: Option<Admitted>,
        place: Option<Permits>,
    ) -> Response<Box<Relay>> {
        let reader = Reader { unread: self.core.shared.unread.clone(), caller, _place: place };
        response.map(|relay| relay.for_reader(reader))
    }
}

/// The account that the call must name.
fn account(headers: &HeaderMap) -> Result<Identifier, Error> {
    Identifier::in_headers(headers)?.ok_or_else(|| {
        let text =
            "say which connected account to call as: send its identifier, percent-encoded, as granary-account";
        Error::new(Reason::AccountHeaderInvalid, text)
    })
}

/// An answer of the gateway's own, whose request may arrive late and whose reader may be slow.
async fn own(
    call: impl Future<Output = Result<Response<Body>, Infallible>>,
    deadline: Deadline,
    ends: Option<Deadline>,
) -> Result<Response<Box<Relay>>, Status> {
    match tokio::time::timeout_at(deadline.instant(), call).await {
        Ok(Ok(response)) => Ok(response.map(|body| Relay::own(body, ends))),
        Ok(Err(never)) => match never {},
        Err(_) => Err(Deadline::error().into()),
    }
}

impl Service<Request<Incoming>> for Gateway {
    type Response = Response<Recorded<Box<Relay>>>;
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
