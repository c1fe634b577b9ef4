//! One call under way: what it may use, for whom, and until when.
mod input;
mod refusal;

use granary_convert::Typed;
use granary_credential::{Credential, Grant, Kind};
use granary_proto::Method;
use granary_proto::granary::policy::v1::{CredentialKind, Effect, Paging, UpstreamCall};
use granary_proto::granary::types::v1::{Charge, Warning};
use granary_proto::options::field_rule;
use granary_rpc::{Deadline, Error, Reason, metadata};
use granary_ticketed::{Opened, tell};
use granary_upstream::{Answer, Auth, Call, Effective, effective};
use http::HeaderName;
use prost::Message;
use prost_reflect::DynamicMessage;
use tonic::{Request, Response, Status};

use crate::answer::Answered;
use crate::apify::{Apify, Run};
use crate::early_head::Announcement;
use crate::envelope::{Envelope, charge_of_unreadable};
use crate::failure::{CHARGE, KIND, UPSTREAM};
use crate::page::Asked;
use crate::service::Service;
use crate::{failure, price, quirks};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One call under way.
pub(crate) struct CallContext {
    pub(crate) service: Service,
    pub(crate) method: &'static Method,
    /// The request, checked, in the one form in which it is sent on, with what upstream calls otherwise put in its words.
    pub(crate) input: DynamicMessage,
    /// The request as it was given.
    pub(crate) given: DynamicMessage,
    pub(crate) grant: Grant,
    pub(crate) deadline: Deadline,
    /// What the caller allows it to cost at most, in micro-dollars.
    pub(crate) most: Option<i64>,
    /// What the caller should know of how the request was taken.
    pub(crate) warnings: Vec<Warning>,
    /// Where its run is announced, if it has one.
    pub(crate) announcement: Option<Announcement>,
}

impl CallContext {
    /// Takes the grant, checks the request, and refuses what could cost more than the caller allows.
    pub(crate) fn open<M: Message>(
        service: &Service,
        path: &'static str,
        request: &Request<M>,
    ) -> Result<Self, Error> {
        let Opened { method, typed, grant, deadline } = Opened::new(service.table(), path, request)?;
        let Typed { message: mut input, given, mut warnings } = typed;
        warnings.extend(quirks::adapt(service, method, &mut input)?);
        let most = price::cap(request.metadata())?;
        let announcement = request.extensions().get().cloned();
        let context = Self {
            service: service.clone(),
            method,
            input,
            given,
            grant,
            deadline,
            most,
            warnings,
            announcement,
        };
        price::check(&context)?;
        Ok(context)
    }

    /// Turns the outcome into what goes on the wire, with what was billed and whether a credential was refused.
    pub(crate) fn close<R: Answered>(&self, outcome: Result<R, Error>) -> Result<Response<R>, Status> {
        let error = match outcome {
            Ok(mut answer) => {
                if let Some(warnings) = answer.warnings() {
                    warnings.splice(0..0, self.warnings.iter().cloned());
                }
                let charge = answer.charge().and_then(|charge| charge.as_ref());
                let micros = charge.and_then(|charge| charge.cost_micros);
                let is_proof = answer.is_proof();
                let mut response = Response::new(answer);
                tell(response.metadata_mut(), metadata::CHARGE_MICROS, micros.map(|m| m.to_string()));
                let acceptance = self.grant.acceptance().filter(|_| is_proof);
                tell(response.metadata_mut(), metadata::CREDENTIAL_OUTCOME, acceptance);
                return Ok(response);
            }
            Err(error) => error,
        };
        Err(self.refuse(error))
    }

    /// The status of a failed call.
    pub(crate) fn refuse(&self, error: Error) -> Status {
        let charge = error.get(CHARGE).map(str::to_owned);
        let kind = error.get(KIND).filter(|_| error.reason() == Reason::CredentialRejected);
        let kind = kind.and_then(CredentialKind::from_text);
        let rejected = kind.and_then(|kind| self.grant.verdict_text(kind, false));
        let mut status = error.into_status();
        tell(status.metadata_mut(), metadata::CHARGE_MICROS, charge);
        tell(status.metadata_mut(), metadata::CREDENTIAL_OUTCOME, rejected);
        status
    }

    /// Sends the call that the method declares; whatever status comes back is an answer.
    pub(crate) async fn send(&self) -> Result<Answer, Error> {
        let mut call = Call::from_message(self.method, &self.input)?;
        quirks::rename(&mut call);
        let mut auth = Auth::new(self.grant.secrets());
        for (credential, _) in self.grant.credentials() {
            match credential {
                Credential::HarvestapiKey { api_key } => auth = auth.header(API_KEY, api_key),
                Credential::LinkedinSession { li_at, proxy, user_agent } => {
                    auth = auth.in_query("cookie", li_at);
                    if let Some(proxy) = proxy {
                        auth = auth.in_query("proxy", proxy);
                    }
                    call.query.extend(user_agent.iter().map(|agent| ("userAgent".to_owned(), agent.clone())));
                }
                Credential::HarvestToken { .. } | Credential::ApifyToken { .. } => {}
            }
        }
        self.service.harvestapi().send(call, auth, self.deadline).await
    }

    /// Calls to Apify.
    pub(crate) fn apify(&self) -> Apify {
        Apify::new(self.service.apify(), &self.grant, self.deadline)
    }

    /// Starts a run of Apify, and names it to the caller at once.
    pub(crate) async fn start_run(
        &self,
        actor: &str,
        input: serde_json::Value,
        most: i64,
    ) -> Result<Run, Error> {
        let run = self.apify().start(actor, input, most).await?;
        if let Some(announcement) = &self.announcement {
            announcement.run(&run.state().id);
        }
        Ok(run)
    }

    /// The envelope of an answer that succeeded by both of its statuses.
    pub(crate) async fn succeeded<'a>(&self, answer: &'a Answer) -> Result<Envelope<'a>, Error> {
        let envelope = Envelope::read(answer);
        match effective(answer.status, envelope.as_ref().and_then(|e| e.status)) {
            Effective::Success => {
                envelope.ok_or_else(|| self.unreadable("an object", Some(&charge_of_unreadable(answer))))
            }
            // Never a 402: an empty wallet says nothing of a key or of a session.
            Effective::Failed(status @ (401 | 403)) => match envelope.as_ref() {
                Some(own) if own.is_own_refusal(status) => Err(self.settle(status, answer, own).await),
                _ => Err(self.foreign(status, answer)),
            },
            Effective::Failed(status) if answer.is_page() && status < 500 => {
                Err(self.foreign(status, answer))
            }
            Effective::Failed(status @ (400..=428 | 430..=499))
                if !envelope.as_ref().is_some_and(|own| own.says_so(status)) =>
            {
                Err(self.foreign(status, answer))
            }
            // LinkedIn's limit comes in an envelope; upstream's own, for calls at a time, does not.
            Effective::Failed(429)
                if self.held(Kind::LinkedinSession).is_some()
                    && envelope.as_ref().is_some_and(Envelope::limits_member) =>
            {
                Err(failure::limited_member(answer, envelope.as_ref()))
            }
            Effective::Failed(status) => Err(self.failed(status, answer, envelope.as_ref())),
        }
    }

    /// Something in front of upstream has answered. A billed read may have been taken up all the same.
    fn foreign(&self, status: u16, answer: &Answer) -> Error {
        self.perhaps_billed(granary_upstream::foreign(status, UPSTREAM, self.is_write(), answer.retry_after))
    }

    /// A failed answer as an error.
    pub(crate) fn failed(&self, status: u16, answer: &Answer, envelope: Option<&Envelope<'_>>) -> Error {
        let error = failure::of(status, answer, envelope, self.is_write());
        if status >= 500 && error.get(CHARGE).is_none() { self.perhaps_billed(error) } else { error }
    }

    fn perhaps_billed(&self, error: Error) -> Error {
        if self.method.effect == Effect::ChargedRead { error.with("charge", "unknown") } else { error }
    }

    /// An answer that says success and cannot be read.
    pub(crate) fn unreadable(&self, what: &str, charge: Option<&Charge>) -> Error {
        failure::unreadable(what, charge, self.is_write())
    }

    /// An answer that says success and lacks what was asked for, with the words that stand in its place.
    pub(crate) fn without(&self, what: &str, envelope: &Envelope<'_>, said: Option<&str>) -> Error {
        let said = said.or(envelope.error.as_deref());
        failure::saying(self.unreadable(what, Some(&envelope.charge)), said)
    }

    /// Whether the call changes something.
    pub(crate) fn is_write(&self) -> bool {
        !self.method.is_read()
    }

    /// Which page was asked for, and how.
    pub(crate) fn asked(&self) -> Asked {
        let field = self.method.descriptor.input().get_field_by_name("page");
        let given = field.as_ref().filter(|field| self.input.has_field(field));
        let given = given.and_then(|field| self.input.get_field(field).as_i32());
        Asked {
            paging: self.method.upstream.as_ref().map_or(Paging::Unspecified, UpstreamCall::paging),
            page: field.as_ref().map(|_| given.unwrap_or(1)),
            last: field.and_then(|field| field_rule(&field).maximum),
            needs_token: quirks::needs_token(self.method, &self.input),
        }
    }

    /// The credential of this kind.
    fn held(&self, kind: Kind) -> Option<&Credential> {
        self.grant.credentials().iter().map(|(credential, _)| credential).find(|held| held.kind() == kind)
    }
}
