//! Calls to credential-vault's broker.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use granary_proto::granary::internal::v1::credential_broker_client::CredentialBrokerClient;
use granary_proto::granary::internal::v1::{
    AuthenticateRequest, AuthenticateResponse, IssueTicketRequest, IssueTicketResponse, ReportOutcomeRequest,
    ReportOutcomeResponse, WatchInvalidationsRequest, WatchInvalidationsResponse,
};
use granary_rpc::{Deadline, Error, Identifier, Reason, error, metadata};
use granary_server::{Link, PeerKey};
use http::HeaderValue;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};

/// The longest that one question to the broker may take, however long the caller waits.
pub(crate) const QUESTION_TIMEOUT: Duration = Duration::from_secs(5);
/// When a caller may ask again while credential-vault is away.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A client of the broker, over all of its replicas. Every question may be asked again, so one that a broken connection
/// left unanswered goes to the next replica.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    clients: Vec<CredentialBrokerClient<Link>>,
    /// The replica that is asked first.
    current: Arc<AtomicUsize>,
    key: Option<HeaderValue>,
}

impl Broker {
    pub(crate) fn new(links: Vec<Link>, key: Option<&PeerKey>) -> Self {
        let clients = links.into_iter().map(CredentialBrokerClient::new).collect();
        Self { clients, current: Arc::default(), key: key.and_then(PeerKey::header) }
    }

    pub(crate) async fn authenticate(
        &self,
        key: &str,
        until: Deadline,
    ) -> Result<AuthenticateResponse, Status> {
        let ask = || AuthenticateRequest { api_key: key.to_owned() };
        self.ask(until, ask, async |client, request| client.authenticate(request).await).await
    }

    pub(crate) async fn issue(
        &self,
        ask: IssueTicketRequest,
        until: Deadline,
    ) -> Result<IssueTicketResponse, Status> {
        self.ask(until, || ask.clone(), async |client, request| client.issue_ticket(request).await).await
    }

    /// Carries what a service signed of a credential of an account.
    pub(crate) async fn report(
        &self,
        principal_token: &[u8],
        account: &Identifier,
        verdict: Vec<u8>,
    ) -> Result<ReportOutcomeResponse, Status> {
        let report = ReportOutcomeRequest {
            principal_token: principal_token.to_vec(),
            identifier: account.as_str().to_owned(),
            verdict,
        };
        let until = Deadline::after(QUESTION_TIMEOUT);
        self.ask(until, || report.clone(), async |client, request| client.report_outcome(request).await).await
    }

    pub(crate) async fn watch(&self) -> Result<Streaming<WatchInvalidationsResponse>, Status> {
        let request = self.request(WatchInvalidationsRequest {}, None);
        let mut client = self.clients.first().ok_or_else(|| Status::unavailable("no address"))?.clone();
        client.watch_invalidations(request).await.map(Response::into_inner)
    }

    async fn ask<Q, A>(
        &self,
        until: Deadline,
        question: impl Fn() -> Q,
        call: impl AsyncFn(&mut CredentialBrokerClient<Link>, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Status> {
        // Once more than there are replicas, for a connection that broke since it was last used.
        let mut left = self.clients.len() + 1;
        loop {
            let at = self.current.load(Ordering::Relaxed) % self.clients.len().max(1);
            let Some(client) = self.clients.get(at) else {
                return Err(away(Status::unavailable("no address")));
            };
            let (mut client, request) = (client.clone(), self.request(question(), Some(until)));
            let asked =
                tokio::time::timeout(until.remaining().min(QUESTION_TIMEOUT), call(&mut client, request));
            let outcome = asked.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")));
            left -= 1;
            match outcome {
                Err(status) if left > 0 && unanswered(&status) => {
                    let next = (at + 1) % self.clients.len();
                    let _ = self.current.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
                }
                outcome => return answer(outcome),
            }
        }
    }

    fn request<T>(&self, message: T, until: Option<Deadline>) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(until) = until {
            request.set_timeout(until.remaining().min(QUESTION_TIMEOUT));
        }
        if let Some(key) = &self.key
            && let Ok(mut value) = MetadataValue::try_from(key.as_bytes())
        {
            value.set_sensitive(true);
            request.metadata_mut().insert(metadata::PEER_KEY, value);
        }
        request
    }
}

/// Whether nobody answered: the connection broke, or none could be made.
fn unanswered(status: &Status) -> bool {
    error::reason_of(status).is_none()
        && !matches!(status.code(), tonic::Code::DeadlineExceeded | tonic::Code::Cancelled)
}

/// A refusal of the broker is passed on as it is; anything else says that credential-vault is away.
fn answer<T>(result: Result<Response<T>, Status>) -> Result<T, Status> {
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => match error::reason_of(&status) {
            // What passed there is the time that we gave it. The caller's own deadline ends the call by itself.
            Some(Reason::DeadlineExceeded) | None => Err(away(status)),
            // No repeat helps: whoever runs the gateway must act.
            Some(Reason::PeerRefused) => Err(misplaced(
                "credential-vault's broker does not take the gateway's peer key: gateway.broker.peer_key_file and \
                 credential_vault.broker.peer_key_file must hold the same one",
                status,
            )),
            Some(Reason::MethodUnknown) => Err(misplaced(
                "what answers at gateway.broker.address is not credential-vault's broker",
                status,
            )),
            Some(_) => {
                Err(Status::with_details(status.code(), status.message(), status.details().to_vec().into()))
            }
        },
    }
}

fn misplaced(text: &str, status: Status) -> Status {
    Error::new(Reason::StoreUnavailable, text).caused_by(status).into()
}

fn away(status: Status) -> Status {
    if status.code() == tonic::Code::Cancelled || status.code() == tonic::Code::DeadlineExceeded {
        return Error::new(Reason::StoreUnavailable, "credential-vault did not answer in time")
            .retry_after(RETRY_DELAY)
            .caused_by(status)
            .into();
    }
    Error::new(Reason::StoreUnavailable, "credential-vault cannot be reached")
        .retry_after(RETRY_DELAY)
        .caused_by(status)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_late_is_no_fault_of_the_callers() {
        let late = Error::new(Reason::DeadlineExceeded, "the deadline passed before an answer came");
        let told = answer::<()>(Err(late.into())).unwrap_err();
        assert_eq!(error::reason_of(&told), Some(Reason::StoreUnavailable));
        assert_eq!(told.message(), "credential-vault did not answer in time");
    }

    #[test]
    fn a_broker_that_is_set_wrongly_is_told_by_its_setting_and_not_asked_again() {
        for (reason, setting) in [
            (Reason::PeerRefused, "gateway.broker.peer_key_file"),
            (Reason::MethodUnknown, "gateway.broker.address"),
        ] {
            let told = answer::<()>(Err(Error::new(reason, "x").into())).unwrap_err();
            assert_eq!(error::reason_of(&told), Some(Reason::StoreUnavailable));
            assert!(told.message().contains(setting), "{told:?}");
        }
    }
}
