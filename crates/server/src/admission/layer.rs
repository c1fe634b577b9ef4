//! The layer that admits a call once its ticket is open, since only that says whose it is.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use granary_credential::Grant;
use granary_proto::Method;
use granary_rpc::Deadline;
use http::{Extensions, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::server::NamedService;
use tower::{Layer, Service};

use super::{Admission, Length, Permit};

/// The deadline of a call that the stack in front gave none, as in tests.
const DEADLINE: Duration = Duration::from_secs(60);

/// Admits the calls of a service by the tenant of their tickets.
#[derive(Clone, Debug)]
pub struct AdmissionLayer(Admission);

/// The service that [`AdmissionLayer`] wraps around another.
#[derive(Clone, Debug)]
pub struct Admitting<S> {
    inner: S,
    admission: Admission,
}

/// An answer, with the place of its call.
struct Held {
    body: Body,
    _permit: Permit,
}

impl AdmissionLayer {
    /// A layer over these bounds.
    pub fn new(admission: Admission) -> Self {
        Self(admission)
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admitting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admitting { inner, admission: self.0.clone() }
    }
}

impl<S: NamedService> NamedService for Admitting<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Admitting<S>
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
        // A method that acts for nobody costs nothing upstream.
        let Some(grant) = request.extensions().get::<Grant>().cloned() else {
            return Box::pin(ready.call(request));
        };
        let deadline = deadline_of(request.extensions());
        let admission = self.admission.clone();
        let length = length(request.uri().path());
        Box::pin(async move {
            match admission.admit(grant.tenant(), length, deadline).await {
                Ok(permit) => {
                    let response = ready.call(request).await?;
                    Ok(response.map(|body| Body::new(Held { body, _permit: permit })))
                }
                Err(error) => Ok(error.into_status().into_http()),
            }
        })
    }
}

/// How long a call may take, as the stack in front of its service has found out.
pub fn deadline_of(extensions: &Extensions) -> Deadline {
    extensions.get().copied().unwrap_or_else(|| Deadline::after(DEADLINE))
}

/// How long a call of the method at a path may last.
fn length(path: &str) -> Length {
    let method = granary_proto::policy_table().ok().and_then(|table| table.path(path));
    if method.is_some_and(Method::is_long) { Length::Long } else { Length::Short }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
