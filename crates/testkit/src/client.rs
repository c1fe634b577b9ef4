//! A caller of the public services, with one API key.
use std::str::FromStr;

use granary_credential::{Credential, sealed};
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::gateway::v1::execute_tool_response::Output;
use granary_proto::granary::gateway::v1::tool_service_client::ToolServiceClient;
use granary_proto::granary::gateway::v1::{ExecuteToolRequest, ExecuteToolResponse};
use granary_proto::granary::harvest::v1::harvest_time_client::HarvestTimeClient;
use granary_proto::granary::internal::v1::harvest_probes_client::HarvestProbesClient;
use granary_proto::granary::linkedin::v1::linked_in_data_client::LinkedInDataClient;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::admin_client::AdminClient;
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use granary_proto::granary::vault::v1::put_credential_request::Credential as Put;
use granary_proto::granary::vault::v1::sealed_credential::Credential as Inside;
use granary_proto::granary::vault::v1::{
    ConnectedAccount, CreateApiKeyRequest, CreateApiKeyResponse, CreateTenantRequest, CredentialState,
    GetConnectedAccountRequest, GetOrCreateConnectedAccountRequest, GetSealingKeyRequest, HarvestToken,
    HarvestapiKey, PutCredentialRequest, PutSealedCredentialRequest, SealedCredential, SealedFor,
};
use granary_rpc::{Identifier, metadata};
use serde_json::Value;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A channel whose calls carry the key and, where one is set, the account.
pub type Calls = InterceptedService<Channel, Headers>;

/// A caller with one API key.
#[derive(Clone, Debug)]
pub struct Client {
    gateway: Channel,
    vault: Channel,
    key: String,
}

/// What is added to each call.
#[derive(Clone, Debug)]
pub struct Headers {
    key: String,
    account: Option<String>,
}

impl tonic::service::Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = |text: &str| MetadataValue::from_str(text).expect("a header value");
        if !self.key.is_empty() {
            request.metadata_mut().insert(metadata::AUTHORIZATION, value(&format!("Bearer {}", self.key)));
        }
        if let Some(account) = &self.account {
            let account =
                Identifier::parse(account.as_str()).map_or_else(|_| account.clone(), |a| a.to_header());
            request.metadata_mut().insert(metadata::ACCOUNT, value(&account));
        }
        Ok(request)
    }
}

/// A channel to an address, connected when first used.
pub fn channel(address: &str) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("an address").tcp_nodelay(true).connect_lazy()
}

impl Client {
    /// A caller of a gateway and of credential-vault's own address.
    pub fn new(gateway: &str, vault: &str, key: &str) -> Self {
        Self { gateway: channel(gateway), vault: channel(vault), key: key.to_owned() }
    }

    /// The same caller at another gateway.
    pub fn at(&self, gateway: &str) -> Self {
        Self { gateway: channel(gateway), ..self.clone() }
    }

    /// The same caller at another replica's own address.
    pub fn with_vault(&self, vault: &str) -> Self {
        Self { vault: channel(vault), ..self.clone() }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Its API key.
    pub fn key_text(&self) -> &str {
        &self.key
    }

    fn calls(&self, channel: &Channel, account: Option<&str>) -> Calls {
        let headers = Headers { key: self.key.clone(), account: account.map(str::to_owned) };
        InterceptedService::new(channel.clone(), headers)
    }

    /// `CredentialVault` through the gateway.
    pub fn accounts(&self) -> CredentialVaultClient<Calls> {
        CredentialVaultClient::new(self.calls(&self.gateway, None))
    }

    /// `CredentialVault` at its own address.
    pub fn vault(&self) -> CredentialVaultClient<Calls> {
        CredentialVaultClient::new(self.calls(&self.vault, None))
    }

    /// `Admin` at credential-vault's own address.
    pub fn admin(&self) -> AdminClient<Calls> {
        AdminClient::new(self.calls(&self.vault, None))
    }

    /// `HarvestTime` as an account.
    pub fn harvest(&self, account: &str) -> HarvestTimeClient<Calls> {
        HarvestTimeClient::new(self.calls(&self.gateway, Some(account)))
    }

    /// The probes of harvest-time as an account, which the gateway serves to nobody.
    pub fn harvest_probes(&self, account: &str) -> HarvestProbesClient<Calls> {
        HarvestProbesClient::new(self.calls(&self.gateway, Some(account)))
    }

    /// `LinkedInData` as an account.
    pub fn linkedin(&self, account: &str) -> LinkedInDataClient<Calls> {
        LinkedInDataClient::new(self.calls(&self.gateway, Some(account)))
    }

    /// `ToolService`.
    pub fn tools(&self) -> ToolServiceClient<Calls> {
        ToolServiceClient::new(self.calls(&self.gateway, None)).max_decoding_message_size(64 << 20)
    }

    /// Creates an account where there is none.
    pub async fn account(&self, identifier: &str) -> ConnectedAccount {
        let request = GetOrCreateConnectedAccountRequest { identifier: identifier.to_owned() };
        let answer = self.accounts().get_or_create_connected_account(request).await.expect("an account");
        answer.into_inner().connected_account.expect("an account")
    }

    /// What is known of an account.
    pub async fn get(&self, identifier: &str) -> Result<ConnectedAccount, Status> {
        let request = GetConnectedAccountRequest { identifier: identifier.to_owned() };
        let answer = self.accounts().get_connected_account(request).await?;
        Ok(answer.into_inner().connected_account.expect("an account"))
    }

    /// Puts a credential in the clear, at credential-vault's own address.
    pub async fn put(&self, identifier: &str, credential: &Credential) -> Result<CredentialState, Status> {
        let request = PutCredentialRequest {
            identifier: identifier.to_owned(),
            credential: Some(plain(credential)),
            expected_version: None,
        };
        Ok(self.vault().put_credential(request).await?.into_inner().credential.expect("its state"))
    }

    /// Whom this caller seals for: the tenant of its own key.
    pub fn sealed_for(&self) -> Option<SealedFor> {
        Some(sealed::for_api_key(granary_credential::api_key::id_of(&self.key).expect("a key")))
    }

    /// Seals a credential for an account of this caller's tenant.
    pub async fn seal(
        &self,
        identifier: &str,
        credential: &Credential,
        seconds: i64,
    ) -> PutSealedCredentialRequest {
        let key = self.accounts().get_sealing_key(GetSealingKeyRequest::default()).await;
        let key = key.expect("the key").into_inner();
        let now = std::time::SystemTime::now();
        let mut not_after = prost_types::Timestamp::from(now);
        not_after.seconds += seconds;
        let inside = SealedCredential {
            sealed_for: self.sealed_for(),
            identifier: identifier.to_owned(),
            credential: Some(inside(credential)),
            expected_version: None,
            not_after: Some(not_after),
        };
        let sealed_box = sealed::seal(&key.public_key, &inside).expect("a box");
        PutSealedCredentialRequest { identifier: identifier.to_owned(), sealed_box, key_id: key.key_id }
    }

    /// Puts a credential sealed, through the gateway.
    pub async fn put_sealed(
        &self,
        identifier: &str,
        credential: &Credential,
    ) -> Result<CredentialState, Status> {
        let request = self.seal(identifier, credential, 300).await;
        Ok(self.accounts().put_sealed_credential(request).await?.into_inner().credential.expect("its state"))
    }

    /// Creates a tenant with a key for everything but operators' work, and returns a caller with that key.
    pub async fn tenant(&self, name: &str) -> Self {
        self.admin().create_tenant(CreateTenantRequest { name: name.to_owned() }).await.expect("a tenant");
        let scopes: Vec<i32> = (1..=8).collect();
        self.with_key(&self.key(name, &scopes, &[]).await.key_text)
    }

    /// Creates an API key.
    pub async fn key(&self, tenant: &str, scopes: &[i32], patterns: &[&str]) -> CreateApiKeyResponse {
        debug_assert!(scopes.iter().all(|s| Scope::try_from(*s).is_ok()));
        let request = CreateApiKeyRequest {
            tenant: tenant.to_owned(),
            label: "test".to_owned(),
            scopes: scopes.to_vec(),
            account_patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
            expire_time: None,
        };
        self.admin().create_api_key(request).await.expect("a key").into_inner()
    }

    /// Calls a tool with JSON text.
    pub async fn call(
        &self,
        account: &str,
        tool: &str,
        json: &str,
    ) -> Result<(Value, ExecuteToolResponse), Status> {
        let request = ExecuteToolRequest {
            identifier: account.to_owned(),
            tool_name: tool.to_owned(),
            input: Some(Input::ToolInputJson(json.to_owned())),
        };
        let answer = self.tools().execute_tool(request).await?.into_inner();
        let Some(Output::DataJson(text)) = &answer.output else {
            panic!("JSON text is answered by JSON text")
        };
        Ok((serde_json::from_str(text).expect("JSON"), answer))
    }
}

fn plain(credential: &Credential) -> Put {
    match inside(credential) {
        Inside::HarvestapiKey(value) => Put::HarvestapiKey(value),
        Inside::HarvestToken(value) => Put::HarvestToken(value),
        Inside::LinkedinSession(value) => Put::LinkedinSession(value),
        Inside::ApifyToken(value) => Put::ApifyToken(value),
    }
}

fn inside(credential: &Credential) -> Inside {
    let text = |secret: &granary_credential::Secret| secret.expose().to_owned();
    match credential {
        Credential::HarvestapiKey { api_key } => {
            Inside::HarvestapiKey(HarvestapiKey { api_key: text(api_key) })
        }
        Credential::HarvestToken { access_token, account_id } => {
            Inside::HarvestToken(HarvestToken { access_token: text(access_token), account_id: *account_id })
        }
        Credential::LinkedinSession { li_at, proxy, user_agent } => {
            Inside::LinkedinSession(granary_proto::granary::vault::v1::LinkedinSession {
                li_at: text(li_at),
                proxy: proxy.as_ref().map(text).unwrap_or_default(),
                user_agent: user_agent.clone().unwrap_or_default(),
            })
        }
        Credential::ApifyToken { token } => {
            Inside::ApifyToken(granary_proto::granary::vault::v1::ApifyToken { token: text(token) })
        }
    }
}
