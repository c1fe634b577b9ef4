//! The layer in front of every public method: key and scope before the body is read, then a place among the tenant's calls, then
//! the method.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use granary_rpc::{Deadline, Error, Reason, bearer, metadata};
use granary_server::RequestId;
use granary_server::admission::{Length, deadline_of};
use granary_server::stack::LaterTenant;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::Call;
use super::arriving::too_long;
use crate::ops::audit::Entry;
use crate::state::State;

/// Admits the calls of one service.
#[derive(Clone)]
pub(crate) struct AdmitLayer {
    state: Arc<State>,
}

#[derive(Clone)]
pub(crate) struct Admit<S> {
    inner: S,
    state: Arc<State>,
}

impl AdmitLayer {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl<S> Layer<S> for AdmitLayer {
    type Service = Admit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admit { inner, state: Arc::clone(&self.state) }
    }
}

impl<S: NamedService> NamedService for Admit<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Admit<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone has not been polled ready; the one that has is the one to call.
        let fresh = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, fresh);
        let state = Arc::clone(&self.state);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let call = match admit(&state, &parts).await {
                Ok(call) => call,
                Err(error) => return Ok(error.into_status().into_http()),
            };
            if let (Some(later), Ok(tenant)) =
                (parts.extensions.get::<LaterTenant>(), HeaderValue::try_from(&call.caller.tenant))
            {
                // Set once at most: a call has one tenant.
                let _ = later.0.set(tenant);
            }
            let (tenant, until) = (call.caller.tenant.clone(), deadline_of(&parts.extensions));
            let body = match state.arriving.whole(&tenant, body, until).await {
                Ok(body) => body,
                Err(status) => return Ok(status.into_http()),
            };
            match state.admission.admit(&tenant, Length::Short, until).await {
                Ok(_permit) => {
                    parts.headers.remove(metadata::AUTHORIZATION);
                    parts.extensions.insert(call);
                    ready.call(Request::from_parts(parts, body)).await.map(explained)
                }
                Err(error) => Ok(error.into_status().into_http()),
            }
        })
    }
}

/// The call, where its key may make it.
async fn admit(state: &State, request: &Parts) -> Result<Call, Error> {
    let path = request.uri.path();
    let unknown = || Error::new(Reason::MethodUnknown, "there is no such method").with("method", path);
    let method = state.table.path(path).ok_or_else(unknown)?;
    let id = RequestId::of_call(&request.extensions, &request.headers);
    let deadline: Option<Deadline> = request.extensions.get().copied();
    let accounts = request.headers.get_all(&metadata::name::ACCOUNT).into_iter();
    let named = accounts.map(|value| (metadata::name::ACCOUNT.clone(), value.clone())).collect();
    let mut entry = Entry::new(method, &id, deadline);
    let admitted = async {
        let caller = state.keys.authenticate(bearer(&request.headers)?).await?;
        entry.caller(&caller);
        caller.must_hold(method.scope)?;
        Ok(Call { caller, method, id, deadline, named })
    }
    .await;
    match admitted {
        Ok(call) => Ok(call),
        Err(error) => Err(state.audit.refuse(entry, error).await),
    }
}

/// What tonic refuses by itself carries no reason; here it is given one.
fn explained(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    if headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return response;
    }
    let code = headers.get(Status::GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()));
    let error = match code {
        Some(Code::OutOfRange) => too_long(),
        Some(Code::Internal) => {
            Error::new(Reason::InvalidInput, "the request is not a message of this method")
        }
        Some(Code::Unimplemented) => Error::new(Reason::MethodUnknown, "there is no such method"),
        _ => return response,
    };
    error.into_status().into_http()
}
