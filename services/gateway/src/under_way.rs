//! Calls that are long under way: asked about again when a key, an account or a credential changes, and ended where they are
//! refused now. A rotation lets them go on, and so does a credential-vault that is away.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use granary_proto::Method;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Identifier, Reason, error};
use http::{HeaderMap, HeaderValue};
use tokio::task::JoinHandle;
use tonic::Status;

use crate::admit::Admitted;
use crate::core::Core;
use crate::ender::Ender;
use crate::generations::Generation;

#[cfg(test)]
mod tests;

/// How often it is looked whether something changed.
const REVIEW_INTERVAL: Duration = Duration::from_millis(150);
/// How long one call's question may take; it is asked again if it fails.
const REVIEW_TIMEOUT: Duration = Duration::from_secs(3);
/// Questions of one tenant at a time. Calls of one account share theirs.
const MAX_QUESTIONS: usize = 32;

/// The long calls of one thread.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    last: u64,
    all: HashMap<u64, CallUnderWay>,
}

#[derive(Clone, Debug)]
struct CallUnderWay {
    subject: Arc<Subject>,
    /// The generations of its account and key when it was last allowed.
    allowed: (Generation, Generation),
    ender: Ender,
}

/// Who calls what, on whose behalf.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) authorization: HeaderValue,
    pub(crate) caller: Admitted,
    pub(crate) account: Identifier,
    pub(crate) method: &'static Method,
    pub(crate) incarnation: HeaderValue,
}

/// One long call's place among them. Dropped, it is forgotten.
#[derive(Debug)]
pub(crate) struct UnderWay {
    registry: Arc<Registry>,
    number: u64,
    ender: Ender,
    run_id: Option<HeaderValue>,
}

impl Registry {
    pub(crate) fn begin(self: &Arc<Self>, core: &Core, subject: Subject) -> UnderWay {
        let ender = Ender::default();
        let call = CallUnderWay {
            allowed: subject.generations(core),
            subject: Arc::new(subject),
            ender: ender.clone(),
        };
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.last += 1;
        let number = calls.last;
        calls.all.insert(number, call);
        UnderWay { registry: self.clone(), number, ender, run_id: None }
    }

    /// Calls about which something changed since they were last allowed, by tenant.
    fn changed(&self, core: &Core) -> HashMap<String, Vec<(u64, CallUnderWay)>> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed: HashMap<String, Vec<(u64, CallUnderWay)>> = HashMap::new();
        for (number, call) in &calls.all {
            if call.subject.generations(core) != call.allowed {
                changed.entry(call.subject.tenant().to_owned()).or_default().push((*number, call.clone()));
            }
        }
        changed
    }

    fn allow(&self, number: u64, generations: (Generation, Generation)) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.all.get_mut(&number) {
            call.allowed = generations;
        }
    }
}

impl Subject {
    fn tenant(&self) -> &str {
        &self.caller.principal().tenant
    }

    fn key_id(&self) -> &str {
        &self.caller.principal().key_id
    }

    fn generations(&self, core: &Core) -> (Generation, Generation) {
        let generations = &core.shared.generations;
        (generations.account(self.tenant(), self.account.as_str()), generations.key(self.key_id()))
    }

    /// Whether what is answered now may be what a replica read before the change.
    fn may_lag(&self, core: &Core) -> bool {
        let generations = &core.shared.generations;
        generations.account_usable_until(self.tenant(), self.account.as_str()).is_some()
            || generations.key_usable_until(self.key_id()).is_some()
    }

    /// Asks as a new call would.
    async fn ask(&self, core: &Core) -> Result<(), Status> {
        let deadline = Deadline::after(REVIEW_TIMEOUT);
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(name::AUTHORIZATION.clone(), self.authorization.clone());
        let caller = core.admit(&headers, deadline).await?;
        let ticket = core.ticket(&caller, &self.account, self.method, deadline).await?;
        if ticket.incarnation() != self.incarnation {
            let gone = Error::new(Reason::AccountNotFound, "the account was deleted while the call ran");
            return Err(gone.into());
        }
        Ok(())
    }
}

/// Reviews the calls of one thread for as long as it serves, those of each tenant by themselves: whoever has many, or has filled
/// its queue at credential-vault, holds up its own.
pub(crate) async fn review(core: Core) {
    let mut reviews: HashMap<String, JoinHandle<()>> = HashMap::new();
    loop {
        tokio::time::sleep(REVIEW_INTERVAL).await;
        reviews.retain(|_, review| !review.is_finished());
        for (tenant, calls) in core.under_way.changed(&core) {
            if let Entry::Vacant(place) = reviews.entry(tenant) {
                place.insert(tokio::spawn(ask_about(core.clone(), calls)));
            }
        }
    }
}

async fn ask_about(core: Core, calls: Vec<(u64, CallUnderWay)>) {
    let core = &core;
    futures_util::stream::iter(calls)
        .for_each_concurrent(MAX_QUESTIONS, |(number, call)| async move {
            let (generations, may_lag) = (call.subject.generations(core), call.subject.may_lag(core));
            match call.subject.ask(core).await {
                // What may be an old answer is asked for again.
                Ok(()) if !may_lag => core.under_way.allow(number, generations),
                Err(status) if is_refusal(&status) => {
                    metrics::counter!("granary_calls_revoked_total").increment(1);
                    call.ender.end(status);
                }
                Ok(()) | Err(_) => {}
            }
        })
        .await;
}

/// Whether a caller may not go on, as against a broker that cannot say.
fn is_refusal(status: &Status) -> bool {
    matches!(
        error::reason_of(status),
        Some(
            Reason::ApiKeyMissing
                | Reason::ApiKeyInvalid
                | Reason::ApiKeyExpired
                | Reason::ScopeMissing
                | Reason::AccountNotAllowed
                | Reason::AccountNotFound
                | Reason::AccountDisabled
                | Reason::CredentialMissing
                | Reason::CredentialExpired
                | Reason::CredentialRevoked
        )
    )
}

impl UnderWay {
    /// Remembers the run that an answer named when it began.
    pub(crate) fn names_run(&mut self, headers: &HeaderMap) {
        self.run_id = headers.get(&name::RUN_ID).cloned();
    }

    /// Ready with the refusal, which names the run that it leaves behind.
    pub(crate) fn poll_refused(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        self.ender.poll(cx).map(|status| match self.run_id.as_ref().and_then(|id| id.to_str().ok()) {
            Some(id) => error::with_metadata(&status, "run_id", id),
            None => status,
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut calls = self.registry.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.all.remove(&self.number);
    }
}
