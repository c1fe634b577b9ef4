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
use granary_server::stack::{Record, Recorded, with_reason};
use granary_server::{Incoming, RequestId};
use http::{HeaderMap, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use crate::body::{Limited, Outbound, Relay};
use crate::core::{Core, not_here};
use crate::forward::{Behalf, Outgoing};

/// A message's five-byte prefix counts towards the body, not towards the message.
const PREFIX: usize = 5;

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
        if path.starts_with("/grpc.health.v1.") || path.starts_with("/grpc.reflection.") {
            return own(Box::pin(self.own.open.clone().call(request)).await);
        }
        let limits = &self.core.shared.config.limits;
        let deadline = Deadline::from_header(
            request.headers().get(&name::TIMEOUT),
            Duration::from_millis(limits.default_deadline_ms),
            Duration::from_millis(limits.max_deadline_ms),
        )?;
        let caller =
            self.core.shared.principals.admit(request.headers(), &self.core.broker, deadline).await?;
        record.caller(caller.tenant_header());
        let table = self.core.shared.table;
        let method = table.path(path).ok_or_else(granary_server::stack::unknown_method)?;
        if method.exposure != Exposure::Gateway {
            return Err(not_here(method).into());
        }
        let (parts, body) = request.into_parts();
        if method.service == "granary.gateway.v1.ToolService" {
            let mut request =
                Request::from_parts(parts, Limited::new(body, limits.max_message_bytes + PREFIX));
            request.extensions_mut().insert(deadline);
            request.extensions_mut().insert(id.clone());
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(record.account_later());
            return own(Box::pin(self.own.tools.clone().call(request)).await.map(with_reason));
        }
        let behalf = if method.needs.is_empty() {
            caller.check_scope(method.scope)?;
            Behalf::Caller
        } else {
            let account = account(&parts.headers)?;
            let ticket = self.core.ticket(&caller, &account, method, deadline).await?;
            Behalf::Account { caller, account, ticket }
        };
        let body = Outbound::Caller(Limited::new(body, limits.max_message_bytes + PREFIX));
        let call = Outgoing { method, headers: &parts.headers, id, deadline, body };
        self.core.forward(call, behalf).await
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

fn own(response: Result<Response<Body>, Infallible>) -> Result<Response<Relay>, Status> {
    match response {
        Ok(response) => Ok(response.map(Relay::own)),
        Err(never) => match never {},
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
                Err(status) => status.into_http::<Body>().map(Relay::own),
            };
            response.headers_mut().insert(name::REQUEST_ID.clone(), id.header().clone());
            Ok(record.observe(response))
        })
    }
}
