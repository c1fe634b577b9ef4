//! The layer in front of every service method: it opens the ticket and puts the grant into the request.
use std::sync::Arc;
use std::task::{Context, Poll};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use futures_util::future::{Either, Ready, ready};
use granary_proto::PolicyTable;
use granary_rpc::clock::now_ms;
use granary_rpc::metadata::name;
use granary_rpc::{Error, Identifier, Reason};
use http::{HeaderMap, HeaderName, Request, Response};
use tower::{Layer, Service};

use crate::Grant;
use crate::ticket::{self, Expected, Keyring};

/// Opens tickets for the methods of one process.
#[derive(Clone, Debug)]
pub struct TicketLayer {
    ring: Arc<Keyring>,
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
    pub fn new(ring: Keyring, table: &'static PolicyTable) -> Self {
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
        let tenant = std::str::from_utf8(tenant).map_err(|_| refused("the request names no tenant"))?;
        let expected = Expected::of(method, tenant, account.as_str(), &incarnation, now_ms());
        let grant = ticket::open(&self.ring, &ticket, &expected).map_err(|e| refused(&e.to_string()))?;
        Ok(Some(grant.signing_with(Arc::clone(&self.ring))))
    }
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::ticket::{Format, Header};
    use crate::{Credential, Key, Secret};

    const LOG_TIME: &str = "/granary.harvest.v1.HarvestTime/LogTimeEntry";
    const PROBE: &str = "/granary.internal.v1.HarvestProbes/ProbeHarvestToken";

    /// What comes of a ticket for a method at a method.
    fn opened(ring: &Keyring, format: Format, sealed_for: &str, path: &str) -> Result<(), Reason> {
        let access_token = Secret::new("canary-token-0001".into());
        let credential = Credential::HarvestToken { access_token, account_id: 910_001 };
        let sealed_for = granary_proto::policy_table().unwrap().path(sealed_for).unwrap();
        let header = Header {
            tenant: "acme".into(),
            account: "u".into(),
            incarnation: vec![7; 16],
            ..Header::of(sealed_for)
        };
        let (sealed, _) = ticket::seal(ring, format, header, &[(credential, 3)], now_ms()).unwrap();
        let headers = [
            (name::TICKET.clone(), BASE64_NOPAD.encode(&sealed)),
            (name::TENANT.clone(), "acme".to_owned()),
            (name::ACCOUNT.clone(), "u".to_owned()),
            (name::INCARNATION.clone(), HEXLOWER.encode(&[7; 16])),
        ];
        let mut headers =
            headers.into_iter().map(|(name, value)| (name, HeaderValue::try_from(value).unwrap())).collect();
        let layer = TicketLayer::new(ring.clone(), granary_proto::policy_table().unwrap());
        let grant = layer.grant(path, &mut headers).map_err(|error| error.reason())?;
        assert!(grant.is_some() && !headers.contains_key(&name::TICKET));
        Ok(())
    }

    #[test]
    fn a_ticket_for_a_probe_opens_for_nothing_else_and_no_other_for_a_probe() {
        let ring = Keyring::single(Key::random());
        for format in [Format::One, Format::Two] {
            assert_eq!(opened(&ring, format, LOG_TIME, LOG_TIME), Ok(()));
            assert_eq!(opened(&ring, format, PROBE, PROBE), Ok(()));
            assert_eq!(opened(&ring, format, PROBE, LOG_TIME), Err(Reason::TicketRefused));
            assert_eq!(opened(&ring, format, LOG_TIME, PROBE), Err(Reason::TicketRefused));
        }
    }

    #[test]
    fn a_ticket_opens_for_every_method_of_its_own_class_and_for_no_other() {
        let ring = Keyring::single(Key::random());
        let table = granary_proto::policy_table().unwrap();
        let of_harvest = || table.process("harvest-time").filter(|method| !method.needs.is_empty());
        for one in of_harvest() {
            for other in of_harvest() {
                let same = one.ticket_class == other.ticket_class;
                let opened = opened(&ring, Format::Two, &one.path, &other.path);
                assert_eq!(opened.is_ok(), same, "{} for {}: {opened:?}", one.path, other.path);
            }
        }
    }
}
