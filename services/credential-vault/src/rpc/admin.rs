//! Admin: tenants, API keys, and work on the whole store.
mod authority;
mod store;

use std::sync::Arc;

use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::admin_server::Admin as Rpcs;
use granary_rpc::{Error, Reason};
use tonic::{Request, Response, Status};

use self::authority::{may_administer, may_grant, may_revoke, sees};
use super::Violations;
use crate::domain::caller::Caller;
use crate::domain::documents::ApiKey;
use crate::domain::keys::NewKey;
use crate::domain::page_token::{self, Listing};
use crate::domain::tenants::{parse_limits, parse_name};
use crate::domain::time::{millis, now_ms};
use crate::rpc::admit::Call;
use crate::state::State;

/// Longest label, in bytes.
const LABEL: usize = 200;
/// Most account patterns of one key; each may be as long as an identifier.
const PATTERNS: usize = 100;

/// The service.
#[derive(Clone)]
pub(crate) struct Admin(Arc<State>);

type RpcResult<T> = Result<Response<T>, Status>;

impl Admin {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(state)
    }
}

#[tonic::async_trait]
impl Rpcs for Admin {
    type MigrateStoreStream = store::Progressing<wire::MigrateStoreResponse>;
    type RewrapStoreStream = store::Progressing<wire::RewrapStoreResponse>;

    async fn migrate_store(
        &self,
        request: Request<wire::MigrateStoreRequest>,
    ) -> RpcResult<Self::MigrateStoreStream> {
        let call = Call::from_request(&request)?;
        let listener = store::migrate(&self.0, &call, request.get_ref().to())?;
        Ok(Response::new(store::progressing(listener, |progress| wire::MigrateStoreResponse {
            progress: Some(progress),
        })))
    }

    async fn rewrap_store(
        &self,
        request: Request<wire::RewrapStoreRequest>,
    ) -> RpcResult<Self::RewrapStoreStream> {
        let call = Call::from_request(&request)?;
        let listener = store::rewrap(&self.0, &call, request.get_ref().rotate)?;
        Ok(Response::new(store::progressing(listener, |progress| wire::RewrapStoreResponse {
            progress: Some(progress),
        })))
    }

    async fn create_tenant(
        &self,
        request: Request<wire::CreateTenantRequest>,
    ) -> RpcResult<wire::CreateTenantResponse> {
        let call = Call::from_request(&request)?;
        let name = request.into_inner().name;
        let mut violations = Violations::default();
        parse_name("name", &name, &mut violations.0);
        let name = violations.finish(Some(name))?;
        let entry = call.entry().subject(&name);
        let (state, audited) = (Arc::clone(&self.0), entry.clone());
        let create = async move { Ok((Some(state.tenants.create(&name).await?), Some(audited))) };
        let tenant = self.0.change(entry, create).await?;
        Ok(Response::new(wire::CreateTenantResponse { tenant }))
    }

    async fn set_tenant_limits(
        &self,
        request: Request<wire::SetTenantLimitsRequest>,
    ) -> RpcResult<wire::SetTenantLimitsResponse> {
        let call = Call::from_request(&request)?;
        let wire::SetTenantLimitsRequest { tenant, limits } = request.into_inner();
        let mut violations = Violations::default();
        parse_name("tenant", &tenant, &mut violations.0);
        let limits = parse_limits(limits, &mut violations.0);
        let tenant = violations.finish(Some(tenant))?;
        let entry = call.entry().subject(&tenant);
        let (state, audited) = (Arc::clone(&self.0), entry.clone());
        let set = async move {
            let changed = state.tenants.set_limits(&tenant, limits).await;
            // Also where the outcome is open: a principal too few is better than one with limits of before.
            if changed.as_ref().map_or_else(|e| e.reason() != Reason::NotFound, |_| true) {
                state.keys.announce_all(&tenant).await?;
            }
            Ok((Some(changed?), Some(audited)))
        };
        let tenant = self.0.change(entry, set).await?;
        Ok(Response::new(wire::SetTenantLimitsResponse { tenant }))
    }

    async fn list_tenants(
        &self,
        request: Request<wire::ListTenantsRequest>,
    ) -> RpcResult<wire::ListTenantsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let size = page_token::size(request.page_size, &mut violations.0);
        let listing = Listing { list: "tenants", tenant: "", filter: "" };
        let after = listing.position(&self.0.system.page, &request.page_token, &mut violations.0);
        violations.finish(Some(()))?;
        let (tenants, next) = self.0.tenants.page(after.as_deref(), size).await?;
        let next_page_token = listing.token(&self.0.system.page, next.as_deref());
        Ok(Response::new(wire::ListTenantsResponse { tenants, next_page_token }))
    }

    async fn create_api_key(
        &self,
        request: Request<wire::CreateApiKeyRequest>,
    ) -> RpcResult<wire::CreateApiKeyResponse> {
        let call = Call::from_request(&request)?;
        let new = parse(request.into_inner(), &call.caller)?;
        let entry = call.entry();
        let (state, audited) = (Arc::clone(&self.0), entry.clone());
        let create = async move {
            may_grant(&call.caller, &new)?;
            state.tenants.must_exist(&new.tenant).await?;
            let (key, text) = state.keys.create(new).await?;
            let audited = audited.subject(&key.key_id);
            Ok(((key, text), Some(audited)))
        };
        let (key, text) = self.0.change(entry, create).await?;
        let key_text = text.expose().to_owned();
        Ok(Response::new(wire::CreateApiKeyResponse { api_key: Some(key), key_text }))
    }

    async fn list_api_keys(
        &self,
        request: Request<wire::ListApiKeysRequest>,
    ) -> RpcResult<wire::ListApiKeysResponse> {
        let call = Call::from_request(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let tenant = tenant_of(request.tenant, &call.caller, &mut violations);
        let size = page_token::size(request.page_size, &mut violations.0);
        let listing = Listing { list: "keys", tenant: &tenant, filter: "" };
        let after = listing.position(&self.0.system.page, &request.page_token, &mut violations.0);
        violations.finish(Some(()))?;
        let work = async {
            may_administer(&call.caller, &tenant)?;
            self.0.tenants.must_exist(&tenant).await?;
            self.0.keys.page(&tenant, after.as_deref(), size).await
        };
        let (mut api_keys, next) = self.0.read(call.entry().subject(&tenant), work).await?;
        api_keys.retain(|key| sees(&call.caller, &key.account_patterns));
        let next_page_token = listing.token(&self.0.system.page, next.as_deref());
        Ok(Response::new(wire::ListApiKeysResponse { api_keys, next_page_token }))
    }

    async fn revoke_api_key(
        &self,
        request: Request<wire::RevokeApiKeyRequest>,
    ) -> RpcResult<wire::RevokeApiKeyResponse> {
        let call = Call::from_request(&request)?;
        let key_id = request.into_inner().key_id;
        let mut violations = Violations::default();
        if key_id.is_empty() || key_id.len() > 64 {
            violations.add("key_id", "must be the id of an API key");
        }
        let key_id = violations.finish(Some(key_id))?;
        let entry = call.entry().subject(&key_id);
        let (state, audited) = (Arc::clone(&self.0), entry.clone());
        let revoke = async move {
            let may = |key: &ApiKey| may_revoke(&call.caller, key);
            Ok((Some(state.keys.revoke(&key_id, may).await?), Some(audited)))
        };
        let api_key = self.0.change(entry, revoke).await?;
        Ok(Response::new(wire::RevokeApiKeyResponse { api_key }))
    }
}

fn parse(request: wire::CreateApiKeyRequest, caller: &Caller) -> Result<NewKey, Error> {
    let mut violations = Violations::default();
    let mut scopes = Vec::new();
    for (index, number) in request.scopes.iter().enumerate() {
        match Scope::try_from(*number) {
            Ok(scope) if scope != Scope::Unspecified => {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
            _ => violations.add(&format!("scopes[{index}]"), "must be one of the scopes"),
        }
    }
    if request.scopes.is_empty() {
        violations.add("scopes", "must name at least one scope");
    }
    if request.label.len() > LABEL || request.label.chars().any(char::is_control) {
        violations.add("label", "must be at most 200 bytes without control characters");
    }
    if request.account_patterns.len() > PATTERNS {
        violations.add("account_patterns", "must be at most 100");
    }
    for (index, text) in request.account_patterns.iter().enumerate().take(PATTERNS) {
        if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
            let description = "must be 1 to 256 bytes without control characters";
            violations.add(&format!("account_patterns[{index}]"), description);
        }
    }
    let expire_ms = match &request.expire_time {
        None => 0,
        Some(time) => millis(time).filter(|ms| *ms > now_ms()).unwrap_or_else(|| {
            violations.add("expire_time", "must be a time in the future");
            0
        }),
    };
    let tenant = tenant_of(request.tenant, caller, &mut violations);
    let (label, patterns) = (request.label, request.account_patterns);
    violations.finish(Some(NewKey { tenant, label, scopes, patterns, expire_ms }))
}

/// The tenant as asked for; the caller's own where none is.
fn tenant_of(asked: String, caller: &Caller, violations: &mut Violations) -> String {
    if asked.is_empty() {
        return caller.tenant.clone();
    }
    parse_name("tenant", &asked, &mut violations.0);
    asked
}
