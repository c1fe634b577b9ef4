//! One call under way: what it may use, for whom, and until when.
use granary_convert::Typed;
use granary_credential::{Credential, Grant, Kind};
use granary_proto::Method;
use granary_proto::granary::internal::v1::ProbeCredentialResponse;
use granary_proto::granary::types::v1::Warning;
use granary_rpc::{Deadline, Error, Reason, metadata};
use granary_ticketed::{Opened, tell};
use granary_upstream::{Answer, Auth, Call, Client, Effective, effective};
use http::HeaderName;
use prost::Message;
use prost_reflect::DynamicMessage;
use tonic::{Request, Response, Status};

use crate::failure;
use crate::service::Service;
use crate::told::Told;

/// The user that a token belongs to: any role may ask, so it shows whether the token itself is taken.
pub(crate) const ME: &str = "/v2/users/me";
const ACCOUNT_ID: HeaderName = HeaderName::from_static("harvest-account-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const KINDS: [Kind; 2] = [Kind::HarvestToken, Kind::HarvestapiKey];

/// One call under way.
pub(crate) struct CallContext {
    pub(crate) service: Service,
    pub(crate) method: &'static Method,
    /// The request, checked.
    pub(crate) input: DynamicMessage,
    /// What the caller should know of how the request was taken.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) grant: Grant,
    pub(crate) deadline: Deadline,
}

impl CallContext {
    /// Takes the grant and checks the request.
    pub(crate) fn open<M: Message>(
        service: &Service,
        path: &'static str,
        request: &Request<M>,
    ) -> Result<Self, Error> {
        let Opened { method, typed, grant, deadline } = Opened::new(service.table(), path, request)?;
        let Typed { message: input, warnings, .. } = typed;
        Ok(Self { service: service.clone(), method, input, warnings, grant, deadline })
    }

    /// Turns the outcome into what goes on the wire. What Harvest made of the credential is told, signed, in a trailer: that it
    /// was refused, and that it was taken where that had not been seen before.
    pub(crate) fn close<R: Told>(&self, outcome: Result<R, Error>) -> Result<Response<R>, Status> {
        match outcome {
            Ok(mut answer) => {
                answer.tell(&self.warnings);
                let proof = answer.is_proof().then(|| self.grant.acceptance()).flatten();
                let mut response = Response::new(answer);
                tell(response.metadata_mut(), metadata::CREDENTIAL_OUTCOME, proof);
                Ok(response)
            }
            Err(error) => {
                let is_rejected = error.reason() == Reason::CredentialRejected;
                let verdict = is_rejected.then(|| self.grant.verdict_text(self.kind(), false)).flatten();
                let mut status = error.into_status();
                tell(status.metadata_mut(), metadata::CREDENTIAL_OUTCOME, verdict);
                Err(status)
            }
        }
    }

    /// What a probe found, signed.
    pub(crate) fn probed(&self, accepted: bool) -> ProbeCredentialResponse {
        let verdict = self.grant.verdict(self.kind(), accepted).unwrap_or_default();
        ProbeCredentialResponse { accepted, verdict, charge: None }
    }

    /// The endpoint that the method declares, with the request's fields in their places.
    pub(crate) fn mapped(&self) -> Result<Call, Error> {
        Call::from_message(self.method, &self.input)
    }

    /// Sends a call; whatever status comes back is an answer.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Error> {
        self.send_within(call, self.deadline).await
    }

    /// The same, with less time than the call itself has.
    pub(crate) async fn send_within(&self, call: Call, deadline: Deadline) -> Result<Answer, Error> {
        let (client, auth) = self.destination()?;
        client.send(call, auth, deadline).await
    }

    /// Sends a call; a status that is no success is an error.
    pub(crate) async fn succeed(&self, call: Call) -> Result<Answer, Error> {
        let (own_user, write) = (call.path == ME, !call.repeatable);
        let answer = self.send(call).await?;
        let Effective::Failed(status) = effective(answer.status, None) else { return Ok(answer) };
        if failure::is_of_token(&answer) {
            return Err(failure::rejected(&answer, self.kind()));
        }
        let error = failure::of(status, &answer, self.method, write);
        if error.reason() == Reason::UpstreamForbidden && !own_user && self.is_token_refused().await {
            return Err(failure::rejected(&answer, self.kind()));
        }
        Err(error)
    }

    /// Whether a link that upstream sent leads to the host that the call went to.
    pub(crate) fn accepts_link(&self, url: &str) -> bool {
        self.destination().is_ok_and(|(client, _)| client.accepts_link(url))
    }

    /// The credential that the call uses, with its version.
    pub(crate) fn credential(&self) -> Result<(&Credential, i64), Error> {
        self.grant.one_of(&KINDS)
    }

    fn kind(&self) -> Kind {
        self.credential().map_or(Kind::Unspecified, |(credential, _)| credential.kind())
    }

    /// A 403 means a missing right, or an account id that the token does not fit. Asking for the own user, which every
    /// role may, tells them apart; where that cannot be asked, the right is taken to be missing.
    async fn is_token_refused(&self) -> bool {
        self.send(failure::get(ME)).await.is_ok_and(|answer| failure::is_of_token(&answer))
    }

    fn destination(&self) -> Result<(&Client, Auth<'_>), Error> {
        let auth = Auth::new(self.grant.secrets());
        match (self.credential()?.0, self.service.one_key()) {
            (Credential::HarvestToken { access_token, account_id }, _) => {
                let auth = auth.bearer(access_token).plain(ACCOUNT_ID, account_id.to_string());
                Ok((self.service.harvest(), auth))
            }
            (Credential::HarvestapiKey { api_key }, Some(client)) => {
                Ok((client, auth.header(API_KEY, api_key)))
            }
            _ => Err(failure::no_destination()),
        }
    }
}
