//! A broker that answers what a test says.
use std::collections::HashSet;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::stream::Pending;
use granary_proto::granary::internal::v1::credential_broker_server::{
    CredentialBroker, CredentialBrokerServer,
};
use granary_proto::granary::internal::v1::{
    AuthenticateRequest, AuthenticateResponse, IssueTicketRequest, IssueTicketResponse, Principal,
    ReportOutcomeRequest, ReportOutcomeResponse, WatchInvalidationsRequest, WatchInvalidationsResponse,
};
use granary_rpc::{Deadline, Error, Reason};
use granary_server::Peer;
use http::{HeaderMap, HeaderValue};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::admit::Admitted;
use crate::config::Config;
use crate::core::{Core, Shared};

/// It knows every account, and the key "grn_TENANT_secret" of each tenant until it is revoked.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    pub(crate) is_revoked: Arc<AtomicBool>,
    /// Tenants whose questions about tickets are never answered.
    pub(crate) silent: Arc<Mutex<HashSet<String>>>,
    tickets: Arc<AtomicUsize>,
}

/// The id of a tenant's key.
pub(crate) fn key_id(tenant: &str) -> String {
    format!("{tenant:0<12}")
}

/// The authorization of a tenant's key.
pub(crate) fn bearer(tenant: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Bearer grn_{}_{}", key_id(tenant), "s".repeat(43))).unwrap()
}

fn in_a_minute() -> Option<prost_types::Timestamp> {
    let mut time = prost_types::Timestamp::from(std::time::SystemTime::now());
    time.seconds += 60;
    Some(time)
}

impl Fake {
    fn check(&self) -> Result<(), Status> {
        if self.is_revoked.load(Ordering::SeqCst) {
            return Err(Error::new(Reason::ApiKeyInvalid, "revoked").into());
        }
        Ok(())
    }

    /// Questions about tickets so far.
    pub(crate) fn tickets(&self) -> usize {
        self.tickets.load(Ordering::SeqCst)
    }

    /// A gateway's thread that asks it.
    pub(crate) async fn core(&self) -> Core {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let broker = Peer::plain(incoming.local_addr().unwrap().to_string(), None);
        // As many at a time on one connection as credential-vault takes.
        let server = Server::builder().max_concurrent_streams(256);
        let server = { server }.add_service(CredentialBrokerServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        let table = granary_proto::policy_table().unwrap();
        Core::new(Shared::new(Config { broker, ..Config::default() }, table)).unwrap()
    }
}

/// The caller of a tenant.
pub(crate) async fn admitted(core: &Core, tenant: &str, deadline: Deadline) -> Admitted {
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer(tenant))]);
    core.admit(&headers, deadline).await.unwrap()
}

#[tonic::async_trait]
impl CredentialBroker for Fake {
    type WatchInvalidationsStream = Pending<Result<WatchInvalidationsResponse, Status>>;

    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        self.check()?;
        let key_id = granary_credential::api_key::id_of(&request.get_ref().api_key).unwrap().to_owned();
        let tenant = key_id.trim_end_matches('0').to_owned();
        let principal = Principal {
            tenant: tenant.clone(),
            key_id,
            scopes: (1..=8).collect(),
            expire_time: in_a_minute(),
            ..Default::default()
        };
        let principal_token = tenant.into_bytes();
        Ok(Response::new(AuthenticateResponse { principal_token, principal: Some(principal) }))
    }

    async fn issue_ticket(
        &self,
        request: Request<IssueTicketRequest>,
    ) -> Result<Response<IssueTicketResponse>, Status> {
        self.tickets.fetch_add(1, Ordering::SeqCst);
        let tenant = String::from_utf8(request.into_inner().principal_token).unwrap();
        if self.silent.lock().unwrap().contains(&tenant) {
            pending::<()>().await;
        }
        self.check()?;
        Ok(Response::new(IssueTicketResponse {
            ticket: vec![1],
            expire_time: in_a_minute(),
            credentials: Vec::new(),
            incarnation: vec![7; 16],
        }))
    }

    async fn watch_invalidations(
        &self,
        _: Request<WatchInvalidationsRequest>,
    ) -> Result<Response<Self::WatchInvalidationsStream>, Status> {
        Ok(Response::new(futures_util::stream::pending()))
    }

    async fn report_outcome(
        &self,
        _: Request<ReportOutcomeRequest>,
    ) -> Result<Response<ReportOutcomeResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
