//! Reflection, v1 and v1alpha: Python's client still speaks the older one. It needs no key, so its streams are bounded.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use granary_proto::Method;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tower::Service;

use crate::open_streams::{OpenStreams, Purpose, StreamPermit};

/// Bytes of one request: it names a symbol or a file.
const MAX_REQUEST: usize = 1024;

/// Why reflection cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded descriptors cannot be read.
    #[error(transparent)]
    Descriptors(#[from] granary_proto::policy::Error),
    /// The library does not take them.
    #[error(transparent)]
    Library(#[from] tonic_reflection::server::Error),
}

/// Adds reflection over these services, which shows of their methods those that this listener serves.
///
/// # Errors
/// Where the embedded descriptors cannot be served.
pub fn add(
    routes: &mut RoutesBuilder,
    services: &[&str],
    serves: impl Fn(&Method) -> bool,
) -> Result<(), Error> {
    let served =
        granary_proto::served(|method| services.contains(&method.service.as_str()) && serves(method))?;
    // The library borrows them for as long as it serves, which is until the process ends.
    let served: &'static [u8] = served.leak();
    let builder = || {
        let mut builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(served)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // So that clients without proto files can show what stands in an error's details.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET);
        for service in services.iter().chain(&["grpc.health.v1.Health"]) {
            builder = builder.with_service_name(*service);
        }
        builder
    };
    let streams = OpenStreams::new(Purpose::Reflection);
    let v1 = builder().build_v1()?.max_decoding_message_size(MAX_REQUEST);
    let v1alpha = builder().build_v1alpha()?.max_decoding_message_size(MAX_REQUEST);
    routes.add_service(Bounded { inner: v1, streams: streams.clone() });
    routes.add_service(Bounded { inner: v1alpha, streams });
    Ok(())
}

/// A service whose streams are bounded in number.
#[derive(Clone, Debug)]
struct Bounded<S> {
    inner: S,
    streams: OpenStreams,
}

impl<S: NamedService> NamedService for Bounded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.streams.take(request.extensions()) {
            Ok(place) => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.map(|body| Body::new(Held { body, _place: place }))) })
            }
            Err(error) => {
                let refusal = Status::from(error).into_http();
                Box::pin(std::future::ready(Ok(refusal)))
            }
        }
    }
}

/// An answer that holds its stream's place.
struct Held {
    body: Body,
    _place: StreamPermit,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
