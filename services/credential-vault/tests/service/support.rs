//! A vault on loopback over a store that counts, and everything that tests say to it.
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use granary_credential::ticket::{Format, Keyring};
use granary_credential::{Key, Kind};
use granary_credential_vault::store_selection::{StoreKind, StorePlaces};
use granary_credential_vault::{Application, Audit, Parts};
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::internal::v1::credential_broker_client::CredentialBrokerClient;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::admin_client::AdminClient;
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use granary_rpc::Reason;
use granary_server::admission;
use granary_store::{Embedded, Store};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Status};

#[path = "verdicts.rs"]
mod verdicts;
pub(crate) use verdicts::Word;

#[path = "counting.rs"]
pub(crate) mod counting;
pub(crate) use counting::Counting;

pub(crate) const HARVEST: &str = "harvest-time";
pub(crate) const LINKEDIN: &str = "linkedin-data";
pub(crate) const LOG_TIME: &str = "granary.harvest.v1.HarvestTime/LogTimeEntry";

/// A running vault. It ends with the value.
pub(crate) struct Suite {
    pub(crate) vault: Application,
    pub(crate) store: Arc<Counting>,
    pub(crate) rings: HashMap<String, Keyring>,
    pub(crate) public: Channel,
    pub(crate) broker: Channel,
    /// The text of the key that holds every scope of the tenant "acme".
    pub(crate) operator: String,
    /// How far the services' clock is ahead of ours, in milliseconds.
    clock: AtomicU64,
    incarnations: Mutex<HashMap<String, Vec<u8>>>,
    _end: DropGuard,
    _dir: Option<tempfile::TempDir>,
}

pub(crate) struct Options {
    pub(crate) one_key_for_harvest: bool,
    pub(crate) ticket_format: Format,
    pub(crate) audit: Audit,
    pub(crate) place: Option<(StoreKind, StorePlaces)>,
    pub(crate) admission: admission::Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            one_key_for_harvest: false,
            ticket_format: Format::default(),
            audit: Audit::none(),
            place: None,
            admission: Default::default(),
        }
    }
}

pub(crate) async fn suite() -> Suite {
    suite_with(Options::default()).await
}

pub(crate) async fn suite_with(options: Options) -> Suite {
    let dir = tempfile::tempdir().unwrap();
    let mut suite = suite_at(&dir.path().join("store.redb"), &Key::random(), options).await;
    suite._dir = Some(dir);
    suite
}

pub(crate) async fn suite_at(path: &Path, key: &Key, options: Options) -> Suite {
    suite_on(Arc::new(Counting::new(Embedded::open(path, key).unwrap())), options).await
}

/// A replica over a store that others use, too.
pub(crate) async fn suite_on(store: Arc<Counting>, options: Options) -> Suite {
    let rings: HashMap<String, Keyring> =
        [HARVEST, LINKEDIN].map(|service| (service.to_owned(), Keyring::single(Key::random()))).into();
    let parts = Parts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        rings: rings.clone(),
        audit: options.audit,
        ticket_format: options.ticket_format,
        one_key_for_harvest: options.one_key_for_harvest,
        admission: options.admission,
        place: options.place,
    };
    let vault = Application::new(parts).await.unwrap();
    let operator = vault.init("acme").await.unwrap().unwrap_or_default();
    let end = CancellationToken::new();
    let public = serve(vault.public_routes(), end.clone()).await;
    let broker = serve(vault.broker_routes(), end.clone()).await;
    Suite {
        vault,
        store,
        rings,
        public,
        broker,
        operator,
        clock: AtomicU64::default(),
        incarnations: Mutex::default(),
        _end: end.drop_guard(),
        _dir: None,
    }
}

async fn serve(routes: Routes, end: CancellationToken) -> Channel {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let server = Server::builder().add_routes(routes);
    tokio::spawn(async move {
        // Not gracefully: a test that failed may have streams open.
        tokio::select! {
            served = server.serve_with_incoming(incoming) => served.unwrap(),
            () = end.cancelled_owned() => {}
        }
    });
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

impl Suite {
    pub(crate) fn vaults(&self) -> CredentialVaultClient<Channel> {
        CredentialVaultClient::new(self.public.clone())
    }

    pub(crate) fn admin(&self) -> AdminClient<Channel> {
        AdminClient::new(self.public.clone())
    }

    pub(crate) fn brokers(&self) -> CredentialBrokerClient<Channel> {
        CredentialBrokerClient::new(self.broker.clone())
    }

    /// Makes a tenant with a key of all scopes but the operator's.
    pub(crate) async fn tenant(&self, name: &str) -> String {
        let request = with(&self.operator, wire::CreateTenantRequest { name: name.into() });
        self.admin().create_tenant(request).await.unwrap();
        let scopes: Vec<Scope> = (1..=8).map(|n| Scope::try_from(n).unwrap()).collect();
        self.key(name, &scopes, &[]).await
    }

    pub(crate) async fn key(&self, tenant: &str, scopes: &[Scope], patterns: &[&str]) -> String {
        let request = wire::CreateApiKeyRequest {
            tenant: tenant.into(),
            label: "a test's".into(),
            scopes: scopes.iter().map(|s| *s as i32).collect(),
            account_patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
            expire_time: None,
        };
        self.admin().create_api_key(with(&self.operator, request)).await.unwrap().into_inner().key_text
    }

    pub(crate) async fn create(
        &self,
        key: &str,
        identifier: &str,
    ) -> wire::GetOrCreateConnectedAccountResponse {
        self.try_create(key, identifier).await.unwrap()
    }

    pub(crate) async fn try_create(
        &self,
        key: &str,
        identifier: &str,
    ) -> Result<wire::GetOrCreateConnectedAccountResponse, Status> {
        let request = wire::GetOrCreateConnectedAccountRequest { identifier: identifier.into() };
        let created = self.vaults().get_or_create_connected_account(with(key, request)).await?;
        Ok(created.into_inner())
    }

    pub(crate) async fn get(&self, key: &str, identifier: &str) -> Result<wire::ConnectedAccount, Status> {
        let request = wire::GetConnectedAccountRequest { identifier: identifier.into() };
        let answer = self.vaults().get_connected_account(with(key, request)).await?;
        Ok(answer.into_inner().connected_account.unwrap())
    }

    pub(crate) async fn put(
        &self,
        key: &str,
        identifier: &str,
        credential: wire::put_credential_request::Credential,
        expected_version: Option<i64>,
    ) -> Result<wire::CredentialState, Status> {
        let identifier = identifier.to_owned();
        let request =
            wire::PutCredentialRequest { identifier, credential: Some(credential), expected_version };
        Ok(self.vaults().put_credential(with(key, request)).await?.into_inner().credential.unwrap())
    }

    pub(crate) async fn revoke(
        &self,
        key: &str,
        identifier: &str,
        kind: Kind,
    ) -> Result<wire::CredentialState, Status> {
        let request = wire::RevokeCredentialRequest { identifier: identifier.into(), kind: kind.into() };
        Ok(self.vaults().revoke_credential(with(key, request)).await?.into_inner().credential.unwrap())
    }

    pub(crate) async fn delete(&self, key: &str, identifier: &str) -> Result<(), Status> {
        let request = wire::DeleteConnectedAccountRequest { identifier: identifier.into() };
        self.vaults().delete_connected_account(with(key, request)).await.map(drop)
    }

    pub(crate) async fn disable(&self, key: &str, identifier: &str) -> wire::ConnectedAccount {
        let request = wire::DisableConnectedAccountRequest { identifier: identifier.into() };
        let answer = self.vaults().disable_connected_account(with(key, request)).await.unwrap();
        answer.into_inner().connected_account.unwrap()
    }

    pub(crate) async fn principal(&self, key: &str) -> Vec<u8> {
        let request = internal::AuthenticateRequest { api_key: key.into() };
        self.brokers().authenticate(request).await.unwrap().into_inner().principal_token
    }

    pub(crate) async fn ticket(
        &self,
        key: &str,
        identifier: &str,
        method: &str,
    ) -> Result<internal::IssueTicketResponse, Status> {
        let principal_token = self.principal(key).await;
        let (identifier, method) = (identifier.to_owned(), method.to_owned());
        let request = internal::IssueTicketRequest { principal_token, identifier, method };
        self.brokers().issue_ticket(request).await.map(tonic::Response::into_inner)
    }
}

/// A request with an API key.
pub(crate) fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

/// Why a call failed.
/// The id inside a key's text.
pub(crate) fn key_id(text: &str) -> String {
    granary_credential::api_key::id_of(text).unwrap().to_owned()
}

pub(crate) fn reason<T>(outcome: Result<T, Status>) -> Reason {
    let status = outcome.err().unwrap_or_else(|| panic!("the call succeeded"));
    granary_rpc::error::reason_of(&status).unwrap_or_else(|| panic!("no reason: {status:?}"))
}

/// One entry of a failure's metadata.
pub(crate) fn detail(status: &Status, key: &str) -> String {
    use tonic_types::StatusExt;
    status.get_details_error_info().unwrap().metadata.get(key).cloned().unwrap_or_default()
}

pub(crate) fn harvest_token(text: &str) -> wire::put_credential_request::Credential {
    let (access_token, account_id) = (text.to_owned(), 12345678);
    wire::put_credential_request::Credential::HarvestToken(wire::HarvestToken { access_token, account_id })
}

pub(crate) fn harvestapi_key(text: &str) -> wire::put_credential_request::Credential {
    wire::put_credential_request::Credential::HarvestapiKey(wire::HarvestapiKey { api_key: text.to_owned() })
}

pub(crate) fn apify_token(text: &str) -> wire::put_credential_request::Credential {
    wire::put_credential_request::Credential::ApifyToken(wire::ApifyToken { token: text.to_owned() })
}

pub(crate) fn linkedin_session(text: &str) -> wire::put_credential_request::Credential {
    let (li_at, proxy, user_agent) = (text.to_owned(), String::new(), String::new());
    wire::put_credential_request::Credential::LinkedinSession(wire::LinkedinSession {
        li_at,
        proxy,
        user_agent,
    })
}

impl Suite {
    /// The names of all records below a folder, without their folders.
    pub(crate) async fn names_below(&self, root: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for name in self.store.list(&folder, None, 1_000).await.unwrap() {
                let path = format!("{folder}/{name}");
                if self.store.get(&path).await.unwrap().is_some() {
                    names.push(name);
                }
                folders.push(path);
            }
        }
        names.sort();
        names
    }
}
