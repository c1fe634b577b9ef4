//! CredentialVault: accounts and their credentials. No answer holds a stored value.
use std::future::Future;
use std::sync::Arc;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::credential_vault_server::CredentialVault as Rpcs;
use granary_proto::granary::vault::v1::{AccountStatus, ConnectedAccount, CredentialState};
use granary_rpc::{Error, Identifier, Reason};
use tonic::{Request, Response, Status};

use super::sealed::Closed;
use super::{Violations, of_put};
use crate::domain::accounts::{AccountFolder, Filter};
use crate::domain::credentials::parse_expected;
use crate::domain::page_token::{self, Listing};
use crate::ops::audit::Entry;
use crate::rpc::admit::Call;
use crate::state::State;

/// The service.
#[derive(Clone)]
pub(crate) struct CredentialVault(Arc<State>);

type RpcResult<T> = Result<Response<T>, Status>;

impl CredentialVault {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    /// Changes one account, for a caller whose patterns cover it.
    async fn change<T, F>(
        &self,
        call: Call,
        identifier: Identifier,
        work: impl FnOnce(Arc<State>, String, Identifier, Entry) -> F + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<(T, Option<Entry>), Error>> + Send,
    {
        let entry = call.entry().account(identifier.as_str());
        let (state, audited) = (Arc::clone(&self.0), entry.clone());
        self.0
            .change(entry, async move {
                call.must_cover(&identifier)?;
                work(state, call.caller.tenant, identifier, audited).await
            })
            .await
    }

    async fn set_disabled(
        &self,
        call: Call,
        identifier: String,
        disabled: bool,
    ) -> Result<ConnectedAccount, Error> {
        self.change(call, account(identifier)?, move |state, tenant, identifier, entry| async move {
            let set = state.accounts.set_disabled(&tenant, &identifier, disabled).await;
            // Also after a failure, and where nothing changed: an earlier attempt may have failed halfway.
            state.credentials.announce(&AccountFolder::of(&tenant, &identifier));
            let (found, changed) = set?;
            Ok((state.accounts.show(&found).await?, changed.then_some(entry)))
        })
        .await
    }
}

#[tonic::async_trait]
impl Rpcs for CredentialVault {
    async fn get_or_create_connected_account(
        &self,
        request: Request<wire::GetOrCreateConnectedAccountRequest>,
    ) -> RpcResult<wire::GetOrCreateConnectedAccountResponse> {
        let call = Call::from_request(&request)?;
        let identifier = account(request.into_inner().identifier)?;
        let (connected_account, created) = self
            .change(call, identifier, |state, tenant, identifier, entry| async move {
                let (found, created) = state.accounts.get_or_create(&tenant, &identifier).await?;
                let shown = state.accounts.show(&found).await?;
                Ok(((Some(shown), created), created.then_some(entry)))
            })
            .await?;
        Ok(Response::new(wire::GetOrCreateConnectedAccountResponse { connected_account, created }))
    }

    async fn get_connected_account(
        &self,
        request: Request<wire::GetConnectedAccountRequest>,
    ) -> RpcResult<wire::GetConnectedAccountResponse> {
        let call = Call::from_request(&request)?;
        let identifier = stored(request.into_inner().identifier)?;
        let entry = call.entry().account(identifier.as_str());
        let work = async {
            call.must_cover(&identifier)?;
            let found = self.0.accounts.find(&call.caller.tenant, &identifier).await?;
            self.0.accounts.show(&found).await
        };
        let connected_account = Some(self.0.read(entry, work).await?);
        Ok(Response::new(wire::GetConnectedAccountResponse { connected_account }))
    }

    async fn list_connected_accounts(
        &self,
        request: Request<wire::ListConnectedAccountsRequest>,
    ) -> RpcResult<wire::ListConnectedAccountsResponse> {
        let caller = Call::from_request(&request)?.caller;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let size = page_token::size(request.page_size, &mut violations.0);
        let status = AccountStatus::try_from(request.status).ok();
        if status.is_none() {
            violations.add("status", "must be one of the account statuses");
        }
        let status = status.filter(|status| *status != AccountStatus::Unspecified);
        let filter = status.map_or("", |status| status.as_str_name());
        let listing = Listing { list: "accounts", tenant: &caller.tenant, filter };
        let key = &self.0.system.page;
        let after = listing.position(key, &request.page_token, &mut violations.0);
        violations.finish(Some(()))?;

        let filter = Filter { status, patterns: &caller.patterns };
        let page = self.0.accounts.page(&caller.tenant, filter, size, after.as_deref());
        let (connected_accounts, next) = page.await?;
        let next_page_token = listing.token(key, next.as_deref());
        Ok(Response::new(wire::ListConnectedAccountsResponse { connected_accounts, next_page_token }))
    }

    async fn delete_connected_account(
        &self,
        request: Request<wire::DeleteConnectedAccountRequest>,
    ) -> RpcResult<wire::DeleteConnectedAccountResponse> {
        let call = Call::from_request(&request)?;
        let identifier = stored(request.into_inner().identifier)?;
        self.change(call, identifier, |state, tenant, identifier, entry| async move {
            let deleted = state.accounts.delete(&tenant, &identifier).await;
            // Also after a failure: it may have come as far as the mark.
            state.credentials.announce(&AccountFolder::of(&tenant, &identifier));
            Ok((deleted?, Some(entry)))
        })
        .await?;
        Ok(Response::new(wire::DeleteConnectedAccountResponse {}))
    }

    async fn disable_connected_account(
        &self,
        request: Request<wire::DisableConnectedAccountRequest>,
    ) -> RpcResult<wire::DisableConnectedAccountResponse> {
        let call = Call::from_request(&request)?;
        let connected_account = Some(self.set_disabled(call, request.into_inner().identifier, true).await?);
        Ok(Response::new(wire::DisableConnectedAccountResponse { connected_account }))
    }

    async fn enable_connected_account(
        &self,
        request: Request<wire::EnableConnectedAccountRequest>,
    ) -> RpcResult<wire::EnableConnectedAccountResponse> {
        let call = Call::from_request(&request)?;
        let connected_account = Some(self.set_disabled(call, request.into_inner().identifier, false).await?);
        Ok(Response::new(wire::EnableConnectedAccountResponse { connected_account }))
    }

    async fn put_credential(
        &self,
        request: Request<wire::PutCredentialRequest>,
    ) -> RpcResult<wire::PutCredentialResponse> {
        let call = Call::from_request(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        let credential = violations.credential(request.credential.map(of_put));
        let expected = request.expected_version;
        parse_expected(expected, 0, &mut violations.0);
        let (identifier, credential) = violations.finish(identifier.zip(credential))?;

        let credential = self
            .change(call, identifier, move |state, tenant, identifier, entry| async move {
                let put = state.credentials.put(&tenant, &identifier, &credential, expected).await?;
                Ok((Some(put.clone()), Some(audited(entry, &put))))
            })
            .await?;
        Ok(Response::new(wire::PutCredentialResponse { credential }))
    }

    async fn put_sealed_credential(
        &self,
        request: Request<wire::PutSealedCredentialRequest>,
    ) -> RpcResult<wire::PutSealedCredentialResponse> {
        let call = Call::from_request(&request)?;
        let closed = Closed::parse(request.into_inner())?;
        let caller = call.caller.clone();
        let credential = self
            .change(call, closed.identifier.clone(), move |state, tenant, identifier, entry| async move {
                let opened = closed.open(&state, &caller).await?;
                // Before the box is taken as used, so that it still serves once the account was created.
                state.accounts.find(&tenant, &identifier).await?;
                closed.claim(&state, &opened).await?;
                let (credential, expected) = (&opened.credential, opened.expected);
                let put = state.credentials.put(&tenant, &identifier, credential, expected).await?;
                Ok((Some(put.clone()), Some(audited(entry, &put))))
            })
            .await?;
        Ok(Response::new(wire::PutSealedCredentialResponse { credential }))
    }

    async fn get_sealing_key(
        &self,
        request: Request<wire::GetSealingKeyRequest>,
    ) -> RpcResult<wire::GetSealingKeyResponse> {
        Call::from_request(&request)?;
        let (asked, system) = (request.into_inner().fingerprint, &self.0.system);
        let fingerprint = system.sealing_fingerprint();
        if !asked.is_empty() && asked != fingerprint {
            let text = "there is no sealing key of that fingerprint, or it is taken no more";
            return Err(Error::new(Reason::NotFound, text).into());
        }
        let public_key = system.sealing.public_key().to_vec();
        let key_id = system.sealing_id();
        Ok(Response::new(wire::GetSealingKeyResponse { key_id, public_key, fingerprint }))
    }

    async fn rollback_credential(
        &self,
        request: Request<wire::RollbackCredentialRequest>,
    ) -> RpcResult<wire::RollbackCredentialResponse> {
        let call = Call::from_request(&request)?;
        let request = request.into_inner();
        let (version, expected) = (request.version, request.expected_version);
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        let kind = violations.kind(request.kind);
        if version < 1 {
            violations.add("version", "must be one of the kept versions");
        }
        parse_expected(expected, 1, &mut violations.0);
        let identifier = violations.finish(identifier)?;
        let credential = self
            .change(call, identifier, move |state, tenant, identifier, entry| async move {
                let credentials = &state.credentials;
                let now = credentials.roll_back(&tenant, &identifier, kind, version, expected).await?;
                Ok((Some(now.clone()), Some(audited(entry, &now))))
            })
            .await?;
        Ok(Response::new(wire::RollbackCredentialResponse { credential }))
    }

    async fn revoke_credential(
        &self,
        request: Request<wire::RevokeCredentialRequest>,
    ) -> RpcResult<wire::RevokeCredentialResponse> {
        let call = Call::from_request(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        let kind: Kind = violations.kind(request.kind);
        let identifier = violations.finish(identifier)?;
        let credential = self
            .change(call, identifier, move |state, tenant, identifier, entry| async move {
                let now = state.credentials.revoke(&tenant, &identifier, kind).await?;
                Ok((Some(now.clone()), Some(audited(entry, &now))))
            })
            .await?;
        Ok(Response::new(wire::RevokeCredentialResponse { credential }))
    }
}

/// An identifier that is all that was asked for.
fn account(identifier: String) -> Result<Identifier, Error> {
    Identifier::parse(identifier).map_err(|violation| Error::invalid(vec![violation]))
}

/// An identifier of an account that may have been created before some were refused.
fn stored(identifier: String) -> Result<Identifier, Error> {
    Identifier::stored(identifier).map_err(|violation| Error::invalid(vec![violation]))
}

fn audited(entry: Entry, state: &CredentialState) -> Entry {
    entry.credential(state.kind().text(), Some(state.version))
}
