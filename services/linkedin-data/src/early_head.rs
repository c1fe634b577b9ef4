//! The head of an answer before there is one: a call that waits for a run names it as soon as it has begun, so that whoever
//! ends the call knows what it leaves behind.
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use granary_proto::PolicyTable;
use granary_proto::granary::policy::v1::Api;
use granary_rpc::metadata::name;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// Where a call announces its run, once.
#[derive(Clone, Debug)]
pub(crate) struct Announcement(Arc<Mutex<Option<oneshot::Sender<HeaderValue>>>>);

/// The service that sends the head of an answer as soon as a run is announced.
#[derive(Clone, Debug)]
pub(crate) struct EarlyHead<S> {
    inner: S,
    table: &'static PolicyTable,
}

type AnswerFuture = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// The body of an answer whose head was sent early. What else was to stand in its head comes with its trailers.
enum Late {
    Waiting(AnswerFuture),
    Begun(Body, HeaderMap),
    Ended,
}

impl Announcement {
    fn new(head: oneshot::Sender<HeaderValue>) -> Self {
        Self(Arc::new(Mutex::new(Some(head))))
    }

    /// Names the run that has begun.
    pub(crate) fn run(&self, id: &str) {
        let head = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(head), Ok(id)) = (head, id.parse()) {
            // An error says that the call is over.
            let _ = head.send(id);
        }
    }
}

impl<S> EarlyHead<S> {
    pub(crate) fn new(inner: S, table: &'static PolicyTable) -> Self {
        Self { inner, table }
    }

    fn has_run(&self, path: &str) -> bool {
        let upstream = self.table.path(path).and_then(|method| method.upstream.as_ref());
        upstream.is_some_and(|upstream| upstream.api() == Api::Apify)
    }
}

impl<S: NamedService> NamedService for EarlyHead<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for EarlyHead<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !self.has_run(request.uri().path()) {
            return Box::pin(self.inner.call(request));
        }
        let (announce, mut announced) = oneshot::channel();
        request.extensions_mut().insert(Announcement::new(announce));
        let mut answer: AnswerFuture = Box::pin(self.inner.call(request));
        Box::pin(async move {
            let id = tokio::select! {
                biased;
                response = &mut answer => {
                    // It may have begun a run in the same moment.
                    let Ok(mut response) = response;
                    if let Ok(id) = announced.try_recv() {
                        response.headers_mut().insert(name::RUN_ID.clone(), id);
                    }
                    return Ok(response);
                }
                Ok(id) = &mut announced => id,
            };
            let mut response = Response::new(Body::new(Late::Waiting(answer)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            response.headers_mut().insert(name::RUN_ID.clone(), id);
            Ok(response)
        })
    }
}

impl http_body::Body for Late {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let this = &mut *self;
        if let Self::Waiting(answer) = this {
            let Ok(response) = ready!(answer.as_mut().poll(cx));
            let (mut head, body) = response.into_parts();
            head.headers.remove(CONTENT_TYPE);
            *this = Self::Begun(body, head.headers);
        }
        let Self::Begun(body, head) = this else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        let trailers = match frame {
            Some(Ok(frame)) => match frame.into_trailers() {
                Ok(trailers) => trailers,
                Err(data) => return Poll::Ready(Some(Ok(data))),
            },
            Some(Err(status)) => return Poll::Ready(Some(Err(status))),
            // An answer without a body has its trailers in its head.
            None => HeaderMap::new(),
        };
        let mut all = std::mem::take(head);
        all.extend(trailers);
        *this = Self::Ended;
        Poll::Ready(Some(Ok(Frame::trailers(all))))
    }
}
