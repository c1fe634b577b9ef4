//! Calls of Vault with the token of the moment: where they are sent, which are repeated, and when the token is to blame.
mod said;
mod token;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustify::Endpoint;
use tokio::sync::{Mutex, Notify, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use vaultrs::api::{EndpointMiddleware, exec_with_empty, exec_with_result};
use vaultrs::client::Client;
use vaultrs::error::ClientError;

use super::OpenError;
use super::config::Config;
use super::fault::Fault;
use super::login::{self, Failure, Login};
use super::questions::Health;
use super::servers::{NodeClient, Servers};
use crate::{CALL_TIMEOUT, Outage};
use said::Said;

/// Calls under way at a time; more wait.
const CALLS: usize = 256;
/// How often one command tries to log in, and how soon again.
const TRIES: u32 = 3;
const RETRY_DELAY: Duration = Duration::from_millis(300);
/// Longest wait for an answer to whether Vault is well.
const HEALTH_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Vault as we are logged in to it.
pub(crate) struct Session {
    servers: Servers,
    login: Arc<Login>,
    live: ArcSwapOption<Live>,
    turn: Mutex<Turn>,
    places: Semaphore,
    /// Told whenever a good token was denied something.
    pub(super) denied: Notify,
    pub(crate) closing: CancellationToken,
}

/// One token.
struct Live {
    links: Vec<Arc<NodeClient>>,
    number: u64,
    lease: Term,
}

/// When a token must be renewed, and when it ends.
#[derive(Clone, Copy)]
struct Term {
    first: Option<Duration>,
    renew: Option<Instant>,
    renewable: bool,
}

#[derive(Default)]
struct Turn {
    number: u64,
    last: Option<Instant>,
    failure: Option<Failure>,
    /// The digest of a secret id that Vault refused, and counted.
    refused: Option<[u8; 32]>,
}

impl Session {
    /// Logs in. Renewals begin with [`Session::keep`].
    pub(crate) async fn open(servers: Servers, login: Arc<Login>) -> Result<Arc<Self>, Failure> {
        let session = Arc::new(Self {
            servers,
            login,
            live: ArcSwapOption::empty(),
            turn: Mutex::new(Turn::default()),
            places: Semaphore::new(CALLS),
            denied: Notify::new(),
            closing: CancellationToken::new(),
        });
        session.log_in(0, Instant::now() + CALL_TIMEOUT * 2).await?;
        Ok(session)
    }

    /// Logs in with these settings for one command. Where no server answers it is tried again at once: a server that does
    /// not take our certificate may close the connection before it can say so.
    pub(crate) async fn logged_in(config: &Config) -> Result<Arc<Self>, OpenError> {
        let faults = config.validate();
        if !faults.is_empty() {
            return Err(OpenError::Setting(faults.join("; ")));
        }
        let login = Arc::new(Login::new(config.auth.clone()));
        let mut tries = 1;
        loop {
            let servers = Servers::new(config).map_err(OpenError::Setting)?;
            match Self::open(servers, Arc::clone(&login)).await {
                Ok(session) => return Ok(session),
                Err(Failure::Vault(Fault::Unreached | Fault::Outage(Outage::Unreachable)))
                    if tries < TRIES =>
                {
                    tries += 1;
                    sleep(RETRY_DELAY).await;
                }
                Err(failure) => return Err(OpenError::Login(failure.at(&config.addresses))),
            }
        }
    }

    /// Sends what `ask` makes, anew for each attempt, and returns what is answered.
    pub(crate) async fn result<E: Endpoint + 'static>(
        &self,
        name: &'static str,
        again: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<E::Response, Fault> {
        let work = |link: Arc<NodeClient>| {
            let asked = ask().ok_or(ClientError::InvalidUpdateParameter);
            async move { exec_with_result(link.as_ref(), asked?).await }.boxed()
        };
        self.call(name, again, work).await
    }

    /// The same where nothing is answered but that it was done.
    pub(crate) async fn done<E: Endpoint + 'static>(
        &self,
        name: &'static str,
        again: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<(), Fault> {
        let work = |link: Arc<NodeClient>| {
            let asked = ask().ok_or(ClientError::InvalidUpdateParameter);
            async move { exec_with_empty(link.as_ref(), asked?).await }.boxed()
        };
        self.call(name, again, work).await
    }

    /// Makes a call with the token of the moment. `again`: whether it may be repeated though it may have been carried out.
    pub(crate) async fn call<T: Send>(
        &self,
        name: &'static str,
        again: bool,
        work: impl Fn(Arc<NodeClient>) -> BoxFuture<'static, Result<T, ClientError>> + Send + Sync,
    ) -> Result<T, Fault> {
        let outcome = self.attempts(again, work).await;
        let text = outcome.as_ref().map_or_else(|fault| fault.text(), |_| "ok");
        metrics::counter!("granary_vault_requests_total", "operation" => name, "outcome" => text)
            .increment(1);
        if matches!(outcome, Err(Fault::Forbidden)) {
            self.denied.notify_one();
        }
        outcome
    }

    async fn attempts<T: Send>(
        &self,
        again: bool,
        work: impl Fn(Arc<NodeClient>) -> BoxFuture<'static, Result<T, ClientError>> + Send + Sync,
    ) -> Result<T, Fault> {
        let deadline = Instant::now() + CALL_TIMEOUT;
        let slow = |_| Fault::Outage(Outage::Slow);
        let _place = timeout_at(deadline, self.places.acquire()).await.map_err(slow)?;
        let (mut judged, mut said) = (false, Said::default());
        loop {
            if self.closing.is_cancelled() {
                return Err(Fault::Outage(Outage::Closed));
            }
            let live = self.live(deadline).await?;
            let at = self.servers.current();
            let Some(link) = live.links.get(at).cloned() else { return Err(Fault::Unreached) };
            let until = self.servers.until(deadline, said.count);
            let mut asked = work(link.clone());
            let mut answer = timeout_at(until, &mut asked).await;
            if answer.is_err() && !again {
                // What is not sent twice is waited for, and calls to come go to another server meanwhile.
                self.servers.leave(at);
                answer = timeout_at(deadline, asked).await;
            }
            let mut fault = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => Fault::of(&error),
                Err(_) => Fault::Outage(Outage::Slow),
            };
            if fault == Fault::Forbidden && !judged {
                judged = true;
                match self.judge(&live, &link, deadline).await {
                    Ok(()) => continue,
                    Err(judgement) => fault = judgement,
                }
            }
            if !fault.elsewhere() {
                return Err(fault);
            }
            self.servers.leave(at);
            said.hear(fault);
            let tried = said.count >= self.servers.count();
            if tried || !(again || fault.undone()) || Instant::now() >= deadline {
                return Err(said.verdict(self.servers.count()));
            }
        }
    }

    /// Whether Vault says that it is of the kind without namespaces.
    pub(crate) async fn has_no_namespaces(&self) -> bool {
        let Some(live) = self.live.load_full() else { return false };
        for link in &live.links {
            // It stands by itself, outside of what other answers come in; whoever stands by or is sealed says it as an error.
            let version = "v1".to_owned();
            let nobody = EndpointMiddleware { token: String::new(), version, wrap: None, namespace: None };
            if let Ok(told) = Health.with_middleware(&nobody).exec(link.http()).await
                && let Ok(kind) = told.parse()
            {
                return kind.enterprise == Some(false);
            }
        }
        false
    }

    /// Asks Vault whether a token that was refused is still one. A good one was refused for good.
    async fn judge(&self, live: &Live, link: &NodeClient, deadline: Instant) -> Result<(), Fault> {
        if self.number() != live.number {
            return Ok(());
        }
        let slow = |_| Fault::Outage(Outage::Slow);
        match timeout_at(deadline, login::lookup(link)).await.map_err(slow)? {
            Ok(_) => Err(Fault::Forbidden),
            Err(Fault::Forbidden) => {
                self.log_in(live.number, deadline).await.map_err(|failure| failure.outage())
            }
            Err(other) => Err(other),
        }
    }

    /// Whether a server serves us, the first that does deciding. A dead token is replaced here, too: while we say that we
    /// cannot serve, there may be no call that would do it.
    pub(crate) async fn health(&self) -> Result<(), Fault> {
        let deadline = Instant::now() + HEALTH_TIMEOUT;
        let live = self.live(deadline).await?;
        let mut said = Said::default();
        for asked in 0..self.servers.count() {
            let at = self.servers.current();
            let Some(link) = live.links.get(at) else { break };
            let until = self.servers.until(deadline, asked);
            let fault = match timeout_at(until, login::lookup(link)).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(Fault::Forbidden)) => {
                    let again = self.log_in(live.number, deadline).await;
                    return again.map_err(|failure| failure.outage());
                }
                Ok(Err(fault)) => fault,
                Err(_) => Fault::Outage(Outage::Slow),
            };
            said.hear(fault);
            if !fault.elsewhere() {
                break;
            }
            self.servers.leave(at);
        }
        Err(said.verdict(self.servers.count()))
    }
}
