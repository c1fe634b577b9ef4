//! One call under way: what it may use, for whom, and until when.
use std::time::Duration;

use granary_convert::check_typed;
use granary_credential::{Credential, Grant, Kind};
use granary_proto::Method;
use granary_rpc::{Deadline, Error, Reason, metadata};
use granary_upstream::{Answer, Auth, Call};
use http::HeaderName;
use prost::Message;
use prost_reflect::DynamicMessage;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::answer::Charged;
use crate::failure::CHARGE;
use crate::price;
use crate::service::Service;

const DEFAULT_TIME: Duration = Duration::from_secs(30);
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One call under way.
pub(crate) struct Session {
    pub(crate) service: Service,
    pub(crate) method: &'static Method,
    /// The request, checked.
    pub(crate) input: DynamicMessage,
    grant: Grant,
    deadline: Deadline,
}

impl Session {
    /// Takes the grant, checks the request, and refuses what could cost more than the caller allows.
    pub(crate) fn open<M: Message>(
        service: &Service,
        path: &'static str,
        request: &Request<M>,
    ) -> Result<Self, Error> {
        let grant = Grant::take(request)?;
        let method = service.method(path).ok_or_else(|| {
            Error::new(Reason::Internal, "the contract lacks a method that is served").with("method", path)
        })?;
        let deadline =
            request.extensions().get::<Deadline>().copied().unwrap_or_else(|| Deadline::after(DEFAULT_TIME));
        let input = check_typed(&method.descriptor.input(), request.get_ref())?;
        let session = Self { service: service.clone(), method, input, grant, deadline };
        price::check(&session, request.metadata())?;
        Ok(session)
    }

    /// Turns the outcome into what goes on the wire, with what was billed and whether the key was refused.
    pub(crate) fn close<R: Charged>(&self, outcome: Result<R, Error>) -> Result<Response<R>, Status> {
        let error = match outcome {
            Ok(answer) => {
                let micros = answer.charge().and_then(|charge| charge.cost_micros);
                let mut response = Response::new(answer);
                tell(response.metadata_mut(), metadata::CHARGE_MICROS, micros.map(|m| m.to_string()));
                return Ok(response);
            }
            Err(error) => error,
        };
        let charge = error.get(CHARGE).map(str::to_owned);
        let rejected =
            (error.reason() == Reason::CredentialRejected).then(|| self.credential().ok()).flatten();
        let rejected =
            rejected.map(|(credential, version)| format!("{};{version};rejected", credential.kind().text()));
        let mut status = error.into_status();
        tell(status.metadata_mut(), metadata::CHARGE_MICROS, charge);
        tell(status.metadata_mut(), metadata::CREDENTIAL_OUTCOME, rejected);
        Err(status)
    }

    /// Sends the call that the method declares; whatever status comes back is an answer.
    pub(crate) async fn send(&self) -> Result<Answer, Error> {
        let call = Call::from_message(self.method, &self.input)?;
        let auth = Auth::new(self.grant.secrets());
        let auth = match self.credential()?.0 {
            Credential::HarvestapiKey { api_key } => auth.header(API_KEY, api_key),
            _ => auth,
        };
        self.service.harvestapi().send(call, auth, self.deadline).await
    }

    fn credential(&self) -> Result<(&Credential, i64), Error> {
        self.grant.one_of(&[Kind::HarvestapiKey])
    }
}

fn tell(metadata: &mut MetadataMap, name: &'static str, text: Option<String>) {
    if let Some(value) = text.and_then(|text| text.parse().ok()) {
        metadata.insert(name, value);
    }
}
