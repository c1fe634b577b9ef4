//! A pool as generated clients take it: the suite's own questions travel as forwarded calls do.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, Version};
use tonic::body::Body;
use tower::Service;

use super::{Answer, Error, Pool};
use crate::channel::Peer;

/// What a generated client calls through. Cheap to clone; clones share the pool.
#[derive(Clone, Debug)]
pub struct Link(Pool);

impl Link {
    /// A link to each address as the peer writes it.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn to_each(peer: &Peer) -> Result<Vec<Self>, String> {
        let link = |address: &str| {
            // Each connection reads the files again; what is wrong with them now is told now.
            peer.client_tls(address).map_err(|e| e.to_string())?;
            Ok(Self::to(peer, address, address))
        };
        peer.list().map(link).collect()
    }

    /// A link to one address, which the certificate there must be for, or for `named`: what resolved to it.
    pub fn to(peer: &Peer, address: &str, named: &str) -> Self {
        Self(Pool::new(peer.at(address, named)))
    }
}

impl Service<Request<Body>> for Link {
    type Response = Response<Answer<Body>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let pool = self.0.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            head.version = Version::HTTP_2;
            head.uri =
                pool.uri_of(head.uri.path_and_query().cloned()).map_err(|e| Error::Connect(e.to_string()))?;
            pool.send(Request::from_parts(head, ()), body).await.map_err(|failed| failed.error)
        })
    }
}
