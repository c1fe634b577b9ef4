//! Being logged in: one token for all calls, renewed in time, and replaced by one login for any number of callers.
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustify::Endpoint;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use vaultrs::api::{exec_with_empty, exec_with_result};
use vaultrs::error::ClientError;

use super::OpenError;
use super::config::Config;
use super::fault::Fault;
use super::login::{self, Failure, Lease, Login};
use super::servers::{Link, Servers};
use crate::store::{CALL, Outage};

/// At most one login in this time, so that a Vault in trouble is not flooded.
const BETWEEN_LOGINS: Duration = Duration::from_secs(5);
/// What a login mostly takes at most; a caller with less time left does not wait for its turn to try.
const A_LOGIN: Duration = Duration::from_secs(1);
/// Calls under way at a time; more wait.
const CALLS: usize = 256;
/// A renewal that brings less than this part of the first lease nears the token's end: we log in anew instead.
const WORTHWHILE: u32 = 3;
/// Longest wait for an answer to whether Vault is well.
const HEALTH: Duration = Duration::from_millis(1_500);
/// The shortest time between two looks at a lease.
const LOOK: Duration = Duration::from_millis(500);

/// Vault as we are logged in to it.
pub(crate) struct Session {
    servers: Servers,
    login: Login,
    live: ArcSwapOption<Live>,
    turn: Mutex<Turn>,
    places: Semaphore,
    pub(crate) closing: CancellationToken,
}

/// One token.
struct Live {
    links: Vec<Arc<Link>>,
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
}

impl Session {
    /// Logs in. Renewals begin with [`Session::keep`].
    pub(crate) async fn open(servers: Servers, login: Login) -> Result<Arc<Self>, Failure> {
        let session = Arc::new(Self {
            servers,
            login,
            live: ArcSwapOption::empty(),
            turn: Mutex::new(Turn::default()),
            places: Semaphore::new(CALLS),
            closing: CancellationToken::new(),
        });
        session.log_in(0, Instant::now() + CALL * 2).await?;
        Ok(session)
    }

    /// Logs in with these settings, and not again.
    pub(crate) async fn logged_in(config: &Config) -> Result<Arc<Self>, OpenError> {
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(OpenError::Setting(faults.join("; ")));
        }
        let servers = Servers::new(config).map_err(OpenError::Setting)?;
        let opened = Self::open(servers, Login::new(config.auth.clone())).await;
        opened.map_err(|failure| OpenError::Login(failure.to_string()))
    }

    /// Sends what `ask` makes, anew for each attempt, and returns what is answered.
    pub(crate) async fn result<E: Endpoint + 'static>(
        &self,
        name: &'static str,
        again: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<E::Response, Fault> {
        let work = |link: Arc<Link>| {
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
        let work = |link: Arc<Link>| {
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
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<T, ClientError>> + Send + Sync,
    ) -> Result<T, Fault> {
        let outcome = self.attempts(again, work).await;
        let text = outcome.as_ref().map_or_else(|fault| fault.text(), |_| "ok");
        metrics::counter!("granary_vault_requests_total", "operation" => name, "outcome" => text)
            .increment(1);
        outcome
    }

    async fn attempts<T: Send>(
        &self,
        again: bool,
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<T, ClientError>> + Send + Sync,
    ) -> Result<T, Fault> {
        let deadline = Instant::now() + CALL;
        let slow = |_| Fault::Outage(Outage::Slow);
        let _place = timeout_at(deadline, self.places.acquire()).await.map_err(slow)?;
        let (mut judged, mut tried) = (false, 0);
        loop {
            if self.closing.is_cancelled() {
                return Err(Fault::Outage(Outage::Closed));
            }
            let live = self.live(deadline).await?;
            let at = self.servers.current();
            let Some(link) = live.links.get(at).cloned() else { return Err(Fault::Unreached) };
            let fault = match timeout_at(deadline, work(link.clone())).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => Fault::of(&error),
                Err(_) => Fault::Outage(Outage::Slow),
            };
            if fault == Fault::Forbidden && !judged {
                judged = true;
                self.judge(&live, &link, deadline).await?;
                continue;
            }
            if !fault.elsewhere() {
                return Err(fault);
            }
            self.servers.leave(at);
            tried += 1;
            if tried >= self.servers.count() || !(again || fault.undone()) || Instant::now() >= deadline {
                return Err(fault);
            }
        }
    }

    /// Asks Vault whether a token that was refused is still one. A good one was refused for good.
    async fn judge(&self, live: &Live, link: &Link, deadline: Instant) -> Result<(), Fault> {
        if self.number() != live.number {
            return Ok(());
        }
        let slow = |_| Fault::Outage(Outage::Slow);
        match timeout_at(deadline, login::lookup(link)).await.map_err(slow)? {
            Ok(_) => Err(Fault::Forbidden),
            Err(Fault::Forbidden) => {
                self.log_in(live.number, deadline).await.map_err(|failure| match failure {
                    Failure::Vault(fault) if fault.elsewhere() => fault,
                    _ => Fault::Outage(Outage::LoggedOut),
                })
            }
            Err(other) => Err(other),
        }
    }

    fn number(&self) -> u64 {
        self.live.load().as_ref().map_or(0, |live| live.number)
    }

    async fn live(&self, deadline: Instant) -> Result<Arc<Live>, Fault> {
        loop {
            if let Some(live) = self.live.load_full() {
                return Ok(live);
            }
            self.log_in(0, deadline).await.map_err(|_| Fault::Outage(Outage::LoggedOut))?;
        }
    }

    /// Replaces the token of this number: one login for everyone who finds it dead, and not too often.
    async fn log_in(&self, stale: u64, deadline: Instant) -> Result<(), Failure> {
        let slow = || Failure::Vault(Fault::Outage(Outage::Slow));
        let mut turn = timeout_at(deadline, self.turn.lock()).await.map_err(|_| slow())?;
        if self.number() > stale {
            return Ok(());
        }
        if let Some(due) = turn.last.map(|last| last + BETWEEN_LOGINS)
            && Instant::now() < due
        {
            if due + A_LOGIN >= deadline {
                return Err(turn.failure.clone().unwrap_or_else(slow));
            }
            sleep_until(due).await;
        }
        turn.last = Some(Instant::now());
        let outcome = self.try_servers(deadline).await;
        let text = if outcome.is_ok() { "ok" } else { "failed" };
        metrics::counter!("granary_vault_logins_total", "outcome" => text).increment(1);
        match outcome {
            Ok(lease) => {
                turn.number += 1;
                turn.failure = None;
                let links = self.servers.links(Some(&lease.token));
                let term = Term::of(&lease, lease.life);
                self.live.store(Some(Arc::new(Live { links, number: turn.number, lease: term })));
                Ok(())
            }
            Err(failure) => {
                tracing::warn!(error = %failure, "cannot log in to vault");
                turn.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    async fn try_servers(&self, deadline: Instant) -> Result<Lease, Failure> {
        let links = self.servers.links(None);
        let mut failure = Failure::Vault(Fault::Unreached);
        for _ in 0..links.len() {
            let at = self.servers.current();
            let Some(link) = links.get(at) else { break };
            failure = match timeout_at(deadline, self.login.at(link)).await {
                Ok(Ok(lease)) => return Ok(lease),
                Ok(Err(failure)) => failure,
                Err(_) => return Err(Failure::Vault(Fault::Outage(Outage::Slow))),
            };
            match &failure {
                Failure::Vault(fault) if fault.elsewhere() => self.servers.leave(at),
                _ => break,
            }
        }
        Err(failure)
    }

    /// Renews the token at two thirds of its lease, and logs in anew where renewing does not help, until the session ends.
    pub(crate) async fn keep(self: Arc<Self>) {
        while self.closing.run_until_cancelled(self.wait()).await.is_some() {
            let Some(live) = self.live.load_full() else {
                // Whoever calls logs in; the next look finds what came of it.
                continue;
            };
            if live.lease.renew.is_none_or(|at| at > Instant::now()) {
                continue;
            }
            if !self.renew(&live).await && self.login.makes_tokens() {
                // The old token serves calls until the new one is there.
                let _ = self.log_in(live.number, Instant::now() + CALL).await;
            }
        }
    }

    async fn wait(&self) {
        let at = self.live.load().as_ref().and_then(|live| live.lease.renew);
        match at {
            Some(at) => sleep_until(at.max(Instant::now() + LOOK)).await,
            None => sleep(Duration::from_secs(5)).await,
        }
    }

    /// Whether the token lives on long enough.
    async fn renew(&self, live: &Arc<Live>) -> bool {
        if !live.lease.renewable {
            return false;
        }
        let Some(link) = live.links.get(self.servers.current()) else { return false };
        let renewed = timeout_at(Instant::now() + CALL, login::renew(link)).await;
        let text = if matches!(renewed, Ok(Ok(_))) { "ok" } else { "failed" };
        metrics::counter!("granary_vault_renewals_total", "outcome" => text).increment(1);
        let Ok(Ok((life, renewable))) = renewed else {
            if let Ok(Err(fault)) = renewed
                && fault.elsewhere()
            {
                self.servers.leave(self.servers.current());
            }
            return false;
        };
        let worthwhile = match (life, live.lease.first) {
            (Some(life), Some(first)) => life >= first / WORTHWHILE || !self.login.makes_tokens(),
            _ => true,
        };
        let turn = self.turn.lock().await;
        if turn.number == live.number {
            let renew = life.map(|life| Instant::now() + life * 2 / 3);
            let lease = Term { first: live.lease.first, renew, renewable };
            self.live.store(Some(Arc::new(Live { links: live.links.clone(), number: live.number, lease })));
        }
        worthwhile
    }

    /// Whether a server serves us, the first that does deciding. A dead token is replaced here, too: while we say that we
    /// cannot serve, there may be no call that would do it.
    pub(crate) async fn health(&self) -> Result<(), Fault> {
        let deadline = Instant::now() + HEALTH;
        let live = self.live(deadline).await?;
        let mut fault = Fault::Unreached;
        for _ in 0..self.servers.count() {
            let at = self.servers.current();
            let Some(link) = live.links.get(at) else { break };
            fault = match timeout_at(deadline, login::lookup(link)).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(Fault::Forbidden)) => {
                    let again = self.log_in(live.number, deadline).await;
                    return again.map_err(|_| Fault::Outage(Outage::LoggedOut));
                }
                Ok(Err(fault)) => fault,
                Err(_) => Fault::Outage(Outage::Slow),
            };
            if !fault.elsewhere() {
                break;
            }
            self.servers.leave(at);
        }
        Err(fault)
    }
}

impl Term {
    fn of(lease: &Lease, life: Option<Duration>) -> Self {
        Self {
            first: lease.life,
            renew: life.map(|life| Instant::now() + life * 2 / 3),
            renewable: lease.renewable,
        }
    }
}
