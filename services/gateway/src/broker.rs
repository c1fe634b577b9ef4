//! Calls to credential-vault's broker.
use std::time::Duration;

use granary_proto::granary::vault::v1::credential_broker_client::CredentialBrokerClient;
use granary_proto::granary::vault::v1::{
    AuthenticateRequest, AuthenticateResponse, IssueTicketRequest, IssueTicketResponse, ReportOutcomeRequest,
    ReportOutcomeResponse, WatchInvalidationsRequest, WatchInvalidationsResponse,
};
use granary_rpc::{Deadline, Error, Reason, error, metadata};
use granary_server::EdgeKey;
use http::HeaderValue;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

/// The longest that one question to the broker may take, however long the caller waits.
const LONGEST: Duration = Duration::from_secs(5);
/// When a caller may ask again while credential-vault is away.
const RETRY: Duration = Duration::from_secs(1);

/// A client of the broker.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    client: CredentialBrokerClient<Channel>,
    edge: Option<HeaderValue>,
}

impl Broker {
    pub(crate) fn new(channel: Channel, edge: Option<&EdgeKey>) -> Self {
        Self { client: CredentialBrokerClient::new(channel), edge: edge.and_then(EdgeKey::header) }
    }

    pub(crate) async fn authenticate(
        &self,
        key: &str,
        until: Deadline,
    ) -> Result<AuthenticateResponse, Status> {
        let request = self.request(AuthenticateRequest { api_key: key.to_owned() }, Some(until));
        answer(self.client.clone().authenticate(request).await)
    }

    pub(crate) async fn issue(
        &self,
        ask: IssueTicketRequest,
        until: Deadline,
    ) -> Result<IssueTicketResponse, Status> {
        answer(self.client.clone().issue_ticket(self.request(ask, Some(until))).await)
    }

    pub(crate) async fn report(&self, report: ReportOutcomeRequest) -> Result<ReportOutcomeResponse, Status> {
        let request = self.request(report, Some(Deadline::after(LONGEST)));
        answer(self.client.clone().report_outcome(request).await)
    }

    pub(crate) async fn watch(&self) -> Result<Streaming<WatchInvalidationsResponse>, Status> {
        let request = self.request(WatchInvalidationsRequest {}, None);
        self.client.clone().watch_invalidations(request).await.map(Response::into_inner)
    }

    fn request<T>(&self, message: T, until: Option<Deadline>) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(until) = until {
            request.set_timeout(until.remaining().min(LONGEST));
        }
        if let Some(edge) = &self.edge
            && let Ok(mut value) = MetadataValue::try_from(edge.as_bytes())
        {
            value.set_sensitive(true);
            request.metadata_mut().insert(metadata::EDGE_KEY, value);
        }
        request
    }
}

/// A refusal of the broker is passed on as it is; anything else says that credential-vault is away.
fn answer<T>(result: Result<Response<T>, Status>) -> Result<T, Status> {
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => match error::reason_of(&status) {
            Some(Reason::EdgeRefused) | None => Err(away(status)),
            Some(_) => {
                Err(Status::with_details(status.code(), status.message(), status.details().to_vec().into()))
            }
        },
    }
}

fn away(status: Status) -> Status {
    if status.code() == tonic::Code::Cancelled || status.code() == tonic::Code::DeadlineExceeded {
        return Error::new(Reason::StoreUnavailable, "credential-vault did not answer in time")
            .retry_after(RETRY)
            .caused_by(status)
            .into();
    }
    Error::new(Reason::StoreUnavailable, "credential-vault cannot be reached")
        .retry_after(RETRY)
        .caused_by(status)
        .into()
}
