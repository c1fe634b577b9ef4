//! A stand-in for gateway and credential-vault: it opens sealed credentials, remembers what it was asked, and answers as it is told.
use std::sync::{Arc, Mutex};

use granary_credential::{Key, sealed};
use granary_proto::granary::gateway::v1::tool_service_server::{ToolService, ToolServiceServer};
use granary_proto::granary::gateway::v1::*;
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::types::v1::Charge;
use granary_proto::granary::vault::v1::credential_vault_server::{CredentialVault, CredentialVaultServer};
use granary_proto::granary::vault::v1::*;
use granary_rpc::{Error, Reason};
use tonic::{Request, Response, Status};

/// What the stand-in saw, and what it is to answer.
#[derive(Default)]
pub(crate) struct Seen {
    pub opened: Vec<SealedCredential>,
    pub boxes: Vec<Vec<u8>>,
    pub calls: Vec<(ExecuteToolRequest, tonic::metadata::MetadataMap)>,
    pub verified: Vec<(VerifyCredentialRequest, tonic::metadata::MetadataMap)>,
    pub verdict: Option<CredentialStatus>,
    pub answer: ExecuteToolResponse,
    pub listed: Vec<ListConnectedAccountsRequest>,
    pub fail: Option<Error>,
}

/// A running stand-in; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Fake {
    pub address: String,
    pub seen: Arc<Mutex<Seen>>,
}

type RpcResult<T> = Result<Response<T>, Status>;

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let fake = Self { address, seen: Arc::default() };
        let server = tonic::transport::Server::builder()
            .add_service(CredentialVaultServer::new(fake.clone()))
            .add_service(ToolServiceServer::new(fake.clone()));
        tokio::spawn(server.serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)));
        fake
    }

    pub(crate) fn key() -> sealed::SealingKey {
        sealed::SealingKey::new(&Key::from_bytes([9; 32]))
    }

    pub(crate) fn fingerprint() -> String {
        sealed::fingerprint_of(&Self::key().public_key())
    }

    fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let bearer = request.metadata().get("authorization").map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(bearer, Some(format!("Bearer {}", crate::run::KEY)));
        assert!(request.metadata().contains_key("grpc-timeout"));
        match self.seen.lock().unwrap().fail.take() {
            Some(error) => Err(error.into_status()),
            None => Ok(()),
        }
    }
}

fn account(identifier: &str) -> ConnectedAccount {
    ConnectedAccount {
        identifier: identifier.to_owned(),
        status: AccountStatus::Pending as i32,
        credentials: Vec::new(),
        create_time: Some(prost_types::Timestamp { seconds: 1_774_958_400, nanos: 0 }),
    }
}

#[tonic::async_trait]
impl CredentialVault for Fake {
    async fn get_sealing_key(
        &self,
        request: Request<GetSealingKeyRequest>,
    ) -> RpcResult<GetSealingKeyResponse> {
        self.admit(&request)?;
        let public_key = Self::key().public_key();
        Ok(Response::new(GetSealingKeyResponse {
            key_id: sealed::key_id(&public_key),
            public_key: public_key.to_vec(),
            // What an answer says of itself proves nothing.
            fingerprint: "0".repeat(64),
        }))
    }

    async fn put_sealed_credential(
        &self,
        request: Request<PutSealedCredentialRequest>,
    ) -> RpcResult<PutSealedCredentialResponse> {
        self.admit(&request)?;
        let request = request.into_inner();
        let opened = Self::key().open(&request.sealed_box).unwrap();
        assert_eq!(opened.identifier, request.identifier);
        let mut seen = self.seen.lock().unwrap();
        seen.opened.push(opened);
        seen.boxes.push(request.sealed_box);
        let credential = CredentialState { version: 1, ..CredentialState::default() };
        Ok(Response::new(PutSealedCredentialResponse { credential: Some(credential) }))
    }

    async fn get_or_create_connected_account(
        &self,
        request: Request<GetOrCreateConnectedAccountRequest>,
    ) -> RpcResult<GetOrCreateConnectedAccountResponse> {
        self.admit(&request)?;
        let connected_account = Some(account(&request.get_ref().identifier));
        Ok(Response::new(GetOrCreateConnectedAccountResponse { connected_account, created: true }))
    }

    async fn list_connected_accounts(
        &self,
        request: Request<ListConnectedAccountsRequest>,
    ) -> RpcResult<ListConnectedAccountsResponse> {
        self.admit(&request)?;
        self.seen.lock().unwrap().listed.push(request.get_ref().clone());
        let (identifier, next_page_token) = match request.get_ref().page_token.as_str() {
            "" => ("a", "second"),
            _ => ("b", ""),
        };
        Ok(Response::new(ListConnectedAccountsResponse {
            connected_accounts: vec![account(identifier)],
            next_page_token: next_page_token.into(),
        }))
    }

    async fn delete_connected_account(
        &self,
        request: Request<DeleteConnectedAccountRequest>,
    ) -> RpcResult<DeleteConnectedAccountResponse> {
        self.admit(&request)?;
        Ok(Response::new(DeleteConnectedAccountResponse {}))
    }

    async fn get_connected_account(
        &self,
        request: Request<GetConnectedAccountRequest>,
    ) -> RpcResult<GetConnectedAccountResponse> {
        if request.get_ref().identifier == "full" {
            let held = [
                (CredentialKind::LinkedinSession, CredentialStatus::Active),
                (CredentialKind::HarvestapiKey, CredentialStatus::Revoked),
                (CredentialKind::HarvestToken, CredentialStatus::Suspect),
                (CredentialKind::ApifyToken, CredentialStatus::Expired),
            ];
            let state = |(kind, status): (CredentialKind, CredentialStatus)| CredentialState {
                kind: kind.into(),
                status: status.into(),
                version: 3,
                ..Default::default()
            };
            let connected_account =
                ConnectedAccount { credentials: held.map(state).into(), ..account("full") };
            return Ok(Response::new(GetConnectedAccountResponse {
                connected_account: Some(connected_account),
            }));
        }
        Err(Error::new(Reason::AccountNotFound, "no such account").into_status())
    }

    async fn disable_connected_account(
        &self,
        _: Request<DisableConnectedAccountRequest>,
    ) -> RpcResult<DisableConnectedAccountResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn enable_connected_account(
        &self,
        _: Request<EnableConnectedAccountRequest>,
    ) -> RpcResult<EnableConnectedAccountResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn put_credential(&self, _: Request<PutCredentialRequest>) -> RpcResult<PutCredentialResponse> {
        Err(Status::unimplemented("nothing is ever sent in the clear"))
    }

    async fn rollback_credential(
        &self,
        _: Request<RollbackCredentialRequest>,
    ) -> RpcResult<RollbackCredentialResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn revoke_credential(
        &self,
        _: Request<RevokeCredentialRequest>,
    ) -> RpcResult<RevokeCredentialResponse> {
        Err(Status::unimplemented("not here"))
    }
}

#[tonic::async_trait]
impl ToolService for Fake {
    async fn verify_credential(
        &self,
        request: Request<VerifyCredentialRequest>,
    ) -> RpcResult<VerifyCredentialResponse> {
        self.admit(&request)?;
        let (metadata, _, request) = request.into_parts();
        let (number, verdict) = {
            let mut seen = self.seen.lock().unwrap();
            seen.verified.push((request, metadata));
            (seen.verified.len(), seen.verdict)
        };
        // The first one costs something, the second one was asked a moment ago, and the third one cannot be asked about.
        let mut answer = VerifyCredentialResponse { version: 3, is_fresh: number == 1, ..Default::default() };
        answer.set_status(verdict.unwrap_or(CredentialStatus::Active));
        match number {
            1 => answer.charge = Some(Charge { cost_micros: Some(4_000), ..Charge::default() }),
            2 => answer.retry_delay = Some("20s".parse().unwrap()),
            _ => return Err(Error::new(Reason::UpstreamUnavailable, "the vendor is away").into_status()),
        }
        Ok(Response::new(answer))
    }

    async fn list_tools(&self, request: Request<ListToolsRequest>) -> RpcResult<ListToolsResponse> {
        self.admit(&request)?;
        // One tool that the key may use, and what the account lacks for it.
        let lacking = !request.get_ref().identifier.is_empty();
        let missing_kinds = if lacking { vec![CredentialKind::HarvestapiKey.into()] } else { Vec::new() };
        let tool = Tool { name: "scrape_profile".into(), missing_kinds, ..Tool::default() };
        Ok(Response::new(ListToolsResponse { tools: vec![tool], next_page_token: String::new() }))
    }

    async fn execute_tool(&self, request: Request<ExecuteToolRequest>) -> RpcResult<ExecuteToolResponse> {
        self.admit(&request)?;
        let (metadata, _, message) = request.into_parts();
        let mut seen = self.seen.lock().unwrap();
        seen.calls.push((message, metadata));
        Ok(Response::new(seen.answer.clone()))
    }
}
