//! The layer in front of every service method: it opens the ticket and puts the grant into the request.
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use futures_util::future::{Either, Ready, ready};
use granary_proto::PolicyTable;
use granary_proto::granary::policy::v1::Exposure;
use granary_rpc::metadata::name;
use granary_rpc::{Error, Identifier, Reason};
use http::{HeaderMap, HeaderName, Request, Response};
use tower::{Layer, Service};

use crate::Grant;
use crate::ticket::{self, Expected, Ring};

/// Opens tickets for the methods of one process.
#[derive(Clone, Debug)]
pub struct TicketLayer {
    ring: Arc<Ring>,
    table: &'static PolicyTable,
}

/// The service that [`TicketLayer`] wraps around another.
#[derive(Clone, Debug)]
pub struct TicketService<S> {
    inner: S,
    layer: TicketLayer,
}

impl TicketLayer {
    /// A layer that opens with these keys.
    pub fn new(ring: Ring, table: &'static PolicyTable) -> Self {
        Self { ring: Arc::new(ring), table }
    }

    /// Removes the ticket from the headers and opens it. A method that needs no credential gets no grant.
    fn grant(&self, path: &str, headers: &mut HeaderMap) -> Result<Option<Grant>, Error> {
        let ticket = headers.remove(&name::TICKET);
        let Some(method) = self.table.path(path) else { return Ok(None) };
        if method.needs.is_empty() {
            return Ok(None);
        }
        let refused = |text: &str| Error::new(Reason::TicketRefused, text);
        let ticket = ticket.ok_or_else(|| refused("the request carries no ticket"))?;
        let ticket = decode(ticket.as_bytes()).ok_or_else(|| refused("the ticket cannot be opened"))?;
        let tenant = one(headers, &name::TENANT).ok_or_else(|| refused("the request names no tenant"))?;
        let account = one(headers, &name::ACCOUNT).ok_or_else(|| refused("the request names no account"))?;
        let account = Identifier::from_header(account)?;
        let incarnation = one(headers, &name::INCARNATION)
            .and_then(|text| HEXLOWER.decode(text).ok())
            .ok_or_else(|| refused("the request names no incarnation of the account"))?;
        let expected = Expected {
            audience: &method.service,
            tenant: std::str::from_utf8(tenant).map_err(|_| refused("the request names no tenant"))?,
            account: account.as_str(),
            incarnation: &incarnation,
            needs: &method.needs,
            now_ms: now_ms(),
        };
        let grant = ticket::open(&self.ring, &ticket, &expected).map_err(|e| refused(&e.to_string()))?;
        // A probe may use what has expired, and nothing else may.
        if grant.is_probe() != (method.exposure == Exposure::Internal) {
            return Err(refused("the ticket is for a probe, or the method is one"));
        }
        Ok(Some(grant.signing_with(Arc::clone(&self.ring))))
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// gRPC leaves the padding of binary metadata to the sender.
fn decode(value: &[u8]) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(value).or_else(|_| BASE64.decode(value)).ok()
}

/// The value of a header that must stand exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

impl<S> Layer<S> for TicketLayer {
    type Service = TicketService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TicketService { inner, layer: self.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for TicketService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let path = request.uri().path().to_owned();
        match self.layer.grant(&path, request.headers_mut()) {
            Ok(grant) => {
                if let Some(grant) = grant {
                    request.extensions_mut().insert(grant);
                }
                Either::Left(self.inner.call(request))
            }
            Err(error) => Either::Right(ready(Ok(error.into_status().into_http()))),
        }
    }
}
