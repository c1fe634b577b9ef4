//! The broker: what the gateway asks for. It hands out credentials in one form only, sealed for the service that needs them.
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use granary_credential::ticket::{self, Header};
use granary_credential::{Credential, Kind, Secret};
use granary_proto::Method;
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::internal::v1::TicketCredential;
use granary_proto::granary::internal::v1::credential_broker_server::CredentialBroker as Rpcs;
use granary_proto::granary::policy::v1::{Exposure, Scope};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::clock::now_ms as now_ms_unsigned;
use granary_rpc::{Error, Identifier, Reason};
use granary_server::RequestId;
use granary_server::admission::{Length, deadline_of};
use tonic::{Request, Response, Status};

use super::{Violations, verdicts};
use crate::domain::accounts::AccountFolder;
use crate::domain::caller::Caller;
use crate::domain::keys::live;
use crate::domain::time::timestamp;
use crate::ops::audit::Entry;
use crate::state::State;

/// The service.
#[derive(Clone)]
pub(crate) struct CredentialBroker(Arc<State>);

type RpcResult<T> = Result<Response<T>, Status>;

impl CredentialBroker {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    fn entry<T>(&self, method: &str, request: &Request<T>) -> Result<Entry, Error> {
        let path = format!("/granary.internal.v1.CredentialBroker/{method}");
        let method = self.0.table.path(&path).ok_or_else(|| unknown(&path))?;
        let id = RequestId::of_call(request.extensions(), request.metadata().as_ref());
        Ok(Entry::new(method, &id, request.extensions().get().copied()))
    }

    /// Who calls, if the token is ours and the key has not been revoked since it was minted. What the key may do, for whom and until
    /// when is taken from the stored key: whoever can mint tokens gains nothing that some key does not hold.
    async fn caller(&self, token: &[u8], entry: &mut Entry) -> Result<Caller, Error> {
        let claimed = self.0.system.principal(token)?;
        let key = self.0.keys.stored(&claimed.key_id).await?;
        let caller = Caller::of(&key);
        entry.caller(&caller);
        if claimed.tenant != caller.tenant {
            return Err(Error::new(
                Reason::PeerRefused,
                "the principal token names another tenant than its key",
            ));
        }
        live(&key)?;
        Ok(caller)
    }

    /// Who an API key stands for, and how much of a gateway its tenant may use.
    async fn principal(&self, text: &str) -> Result<internal::Principal, Error> {
        if text.is_empty() {
            return Err(Error::new(Reason::ApiKeyMissing, "no API key was sent"));
        }
        let caller = self.0.keys.authenticate(text).await?;
        let limits = self.0.tenants.limits(&caller.tenant).await?;
        Ok(internal::Principal { limits, ..caller.principal() })
    }

    /// Whether the caller may use what is probed: by any scope that covers a public method of that service and kind.
    fn must_use(&self, caller: &Caller, probe: &Method) -> Result<(), Error> {
        let kinds = probe.needs.first().map(Vec::as_slice).unwrap_or_default();
        let uses = |method: &&Method| {
            method.exposure != Exposure::Internal
                && method.needs.iter().flatten().any(|kind| kinds.contains(kind))
        };
        let mut scopes: Vec<Scope> =
            self.0.table.process(&probe.process).filter(uses).map(|method| method.scope).collect();
        scopes.sort_unstable_by_key(|scope| scope.text());
        scopes.dedup();
        if scopes.is_empty() || scopes.iter().any(|scope| caller.holds(*scope)) {
            return Ok(());
        }
        let any_of = scopes.iter().map(|scope| scope.text()).collect::<Vec<_>>().join(", ");
        let text = format!("the API key lacks a scope that uses what is to be verified: any of {any_of}");
        Err(Error::new(Reason::ScopeMissing, text).with("scope", any_of))
    }

    async fn issue(
        &self,
        caller: &Caller,
        identifier: &Identifier,
        method: &Method,
    ) -> Result<(internal::IssueTicketResponse, Vec<Kind>), Error> {
        let is_probe = method.exposure == Exposure::Internal;
        if is_probe {
            self.must_use(caller, method)?;
        } else {
            caller.must_hold(method.scope)?;
        }
        caller.must_cover(identifier)?;
        let place = AccountFolder::of(&caller.tenant, identifier);
        let ring = self.0.rings.get(&method.process).ok_or_else(|| {
            Error::new(Reason::Internal, format!("no ticket keys are configured for {}", method.process))
        })?;
        let mut credentials: Vec<(Credential, i64)> = Vec::new();
        let mut inside = Vec::new();
        let mut life: Option<Vec<u8>> = None;
        for need in &method.needs {
            let kinds = method.alternatives(need, self.0.one_key_for_harvest);
            // The first is the one that is probed.
            let opened = if is_probe && credentials.is_empty() {
                self.0.credentials.first_of_probe(&place, &kinds).await?
            } else {
                self.0.credentials.first_of(&place, &kinds).await?
            };
            if life.as_ref().is_some_and(|life| *life != opened.incarnation) {
                return Err(Error::new(Reason::Overloaded, "the account is being made again; try again")
                    .retry_after(Duration::from_millis(200)));
            }
            let (kind, status) = (opened.credential.kind().into(), opened.status.into());
            inside.push(TicketCredential { kind, version: opened.version, status });
            credentials.push((opened.credential, opened.version));
            life = Some(opened.incarnation);
        }
        let incarnation = life.unwrap_or_default();
        let is_unproven = |c: &&TicketCredential| c.status() != CredentialStatus::Active;
        let header = Header {
            unproven: inside.iter().filter(is_unproven).map(|c| c.kind).collect(),
            tenant: caller.tenant.clone(),
            api_key_id: caller.key_id.clone(),
            account: identifier.as_str().to_owned(),
            incarnation: incarnation.clone(),
            ..Header::of(method)
        };
        let (ticket, header) =
            ticket::seal(ring, self.0.ticket_format, header, &credentials, now_ms_unsigned())
                .ok_or_else(|| Error::new(Reason::Internal, "the ticket cannot be sealed"))?;
        let expire_time = timestamp(i64::try_from(header.expires_ms).unwrap_or(i64::MAX));
        let kinds = credentials.iter().map(|(credential, _)| credential.kind()).collect();
        Ok((internal::IssueTicketResponse { ticket, expire_time, credentials: inside, incarnation }, kinds))
    }
}

#[tonic::async_trait]
impl Rpcs for CredentialBroker {
    type WatchInvalidationsStream =
        Pin<Box<dyn Stream<Item = Result<internal::WatchInvalidationsResponse, Status>> + Send>>;

    async fn authenticate(
        &self,
        request: Request<internal::AuthenticateRequest>,
    ) -> RpcResult<internal::AuthenticateResponse> {
        let entry = self.entry("Authenticate", &request)?;
        let text = Secret::new(request.into_inner().api_key);
        match self.principal(text.expose()).await {
            Ok(principal) => {
                let principal_token = self.0.system.mint(&principal);
                Ok(Response::new(internal::AuthenticateResponse {
                    principal_token,
                    principal: Some(principal),
                }))
            }
            Err(error) => Err(self.0.audit.refuse(entry, error).await.into()),
        }
    }

    async fn issue_ticket(
        &self,
        request: Request<internal::IssueTicketRequest>,
    ) -> RpcResult<internal::IssueTicketResponse> {
        let mut entry = self.entry("IssueTicket", &request)?;
        let until = deadline_of(request.extensions());
        let request = request.into_inner();
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        let method = self.0.table.path(&format!("/{}", request.method));
        if method.is_none() {
            violations.add("method", "must be the full name of a method, such as \"package.Service/Method\"");
        } else if method.is_some_and(|method| method.needs.is_empty()) {
            violations.add("method", "must be one that needs a credential");
        }
        let (identifier, method) = violations.finish(identifier.zip(method))?;
        let issued = async {
            let caller = self.caller(&request.principal_token, &mut entry).await?;
            // What it costs is looks into the store, where tenants take turns.
            let _permit = self.0.admission.admit(&caller.tenant, Length::Short, until).await?;
            self.issue(&caller, &identifier, method).await
        }
        .await;
        let entry = entry.account(identifier.as_str()).subject(method.name());
        match issued {
            Ok((response, kinds)) => {
                let entry =
                    kinds.iter().zip(&response.credentials).fold(entry, |entry, (kind, credential)| {
                        entry.credential(kind.text(), Some(credential.version))
                    });
                self.0.audit.record(entry.done()).await?;
                metrics::counter!("granary_vault_tickets_total").increment(1);
                Ok(Response::new(response))
            }
            Err(error) => Err(self.0.audit.refuse(entry, error).await.into()),
        }
    }

    async fn watch_invalidations(
        &self,
        _: Request<internal::WatchInvalidationsRequest>,
    ) -> RpcResult<Self::WatchInvalidationsStream> {
        Ok(Response::new(Box::pin(self.0.announcements.watch()?)))
    }

    async fn report_outcome(
        &self,
        request: Request<internal::ReportOutcomeRequest>,
    ) -> RpcResult<internal::ReportOutcomeResponse> {
        let mut entry = self.entry("ReportOutcome", &request)?;
        let until = deadline_of(request.extensions());
        let request = request.into_inner();
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        let verdict = verdicts::read(&self.0, &request.verdict);
        if verdict.is_none() {
            violations.add("verdict", "must be what a service signed of its call, a few minutes ago at most");
        }
        let (identifier, (verdict, kind)) = violations.finish(identifier.zip(verdict))?;
        let caller = match self.caller(&request.principal_token, &mut entry).await {
            Ok(caller) => caller,
            Err(error) => return Err(self.0.audit.refuse(entry, error).await.into()),
        };
        let _permit = self.0.admission.admit(&caller.tenant, Length::Short, until).await?;
        let entry = entry.account(identifier.as_str()).credential(kind.text(), Some(verdict.version));
        let (state, audited) = (Arc::clone(&self.0), (!verdict.accepted).then(|| entry.clone()));
        let is_rejected = !verdict.accepted;
        let report = async move {
            caller.must_cover(&identifier)?;
            let account = state.accounts.find(&caller.tenant, &identifier).await?;
            verdicts::must_be_about(&verdict, &caller.tenant, &identifier, &account.record.incarnation)?;
            let known = state.credentials.hear(&account, kind, &verdict).await?;
            Ok((known, audited))
        };
        let known = self.0.change(entry, report).await?;
        let probe = is_rejected && known.status == CredentialStatus::Suspect;
        Ok(Response::new(internal::ReportOutcomeResponse {
            status: known.status.into(),
            probe_method: if probe { probe_of(kind).to_owned() } else { String::new() },
            probe_delay: probe.then(|| known.probe_delay.try_into().ok()).flatten(),
            version: known.version,
        }))
    }
}

/// The method that settles whether a suspect credential still works.
fn probe_of(kind: Kind) -> &'static str {
    match kind {
        Kind::HarvestToken => "granary.internal.v1.HarvestProbes/ProbeHarvestToken",
        Kind::HarvestapiKey => "granary.internal.v1.LinkedInProbes/ProbeHarvestapiKey",
        Kind::LinkedinSession => "granary.internal.v1.LinkedInProbes/ProbeLinkedinSession",
        Kind::ApifyToken => "granary.internal.v1.LinkedInProbes/ProbeApifyToken",
        Kind::Unspecified => "",
    }
}

fn unknown(path: &str) -> Error {
    Error::new(Reason::MethodUnknown, "there is no such method").with("method", path)
}
