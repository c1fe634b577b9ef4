//! The token of the moment: got by one login for any number of callers, and renewed in time.
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::super::fault::Fault;
use super::super::login::{self, Failure, Lease};
use super::{Live, Session, Term};
use crate::{CALL_TIMEOUT, Outage};

/// At most one login in this time, so that a Vault in trouble is not flooded.
const LOGIN_INTERVAL: Duration = Duration::from_secs(5);
/// The same with a secret id that Vault refused: it counts them, and locks the role out at the fifth.
const REFUSED_LOGIN_INTERVAL: Duration = Duration::from_secs(300);
/// What a login mostly takes at most; a caller with less time left does not wait for its turn to try.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(1);
/// A renewal that brings less than this part of the first lease nears the token's end: we log in anew instead.
const WORTHWHILE: u32 = 3;
/// The shortest time between two looks at a lease.
const RENEWAL_CHECK_INTERVAL: Duration = Duration::from_millis(500);

impl Session {
    pub(super) fn number(&self) -> u64 {
        self.live.load().as_ref().map_or(0, |live| live.number)
    }

    pub(super) async fn live(&self, deadline: Instant) -> Result<Arc<Live>, Fault> {
        loop {
            if let Some(live) = self.live.load_full() {
                return Ok(live);
            }
            self.log_in(0, deadline).await.map_err(|failure| failure.outage())?;
        }
    }

    /// Replaces the token of this number: one login for everyone who finds it dead, and not too often.
    pub(super) async fn log_in(&self, stale: u64, deadline: Instant) -> Result<(), Failure> {
        let slow = || Failure::Vault(Fault::Outage(Outage::Slow));
        let mut turn = timeout_at(deadline, self.turn.lock()).await.map_err(|_| slow())?;
        if self.number() > stale {
            return Ok(());
        }
        let is_refused = turn.refused.is_some() && turn.refused == self.login.digest();
        let between = if is_refused { REFUSED_LOGIN_INTERVAL } else { LOGIN_INTERVAL };
        if let Some(due) = turn.last.map(|last| last + between)
            && Instant::now() < due
        {
            if due + LOGIN_TIMEOUT >= deadline {
                return Err(turn.failure.clone().unwrap_or_else(slow));
            }
            sleep_until(due).await;
        }
        turn.last = Some(Instant::now());
        // Of what is sent now: the file may be exchanged meanwhile.
        let digest = self.login.digest();
        let outcome = self.try_servers(deadline).await;
        let text = if outcome.is_ok() { "ok" } else { "failed" };
        metrics::counter!("granary_vault_logins_total", "outcome" => text).increment(1);
        match outcome {
            Ok(lease) => {
                turn.number += 1;
                (turn.failure, turn.refused) = (None, None);
                let links = self.servers.links(Some(&lease.token));
                let term = Term::of(&lease, lease.life);
                self.live.store(Some(Arc::new(Live { links, number: turn.number, lease: term })));
                Ok(())
            }
            Err(failure) => {
                tracing::warn!(error = %failure, "cannot log in to vault");
                turn.refused = digest.filter(|_| failure.is_counted());
                turn.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    async fn try_servers(&self, deadline: Instant) -> Result<Lease, Failure> {
        let links = self.servers.links(None);
        let mut failure = Failure::Vault(Fault::Unreached);
        for asked in 0..links.len() {
            let at = self.servers.current();
            let Some(link) = links.get(at) else { break };
            let until = self.servers.until(deadline, asked);
            failure = match timeout_at(until, self.login.at(link)).await {
                Ok(Ok(lease)) => return Ok(lease),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Vault(Fault::Outage(Outage::Slow)),
            };
            match &failure {
                Failure::Vault(fault) if fault.elsewhere() => self.servers.leave(at),
                _ => break,
            }
        }
        Err(failure)
    }

    /// Goes on with certificates as their files have them now; whether they had changed.
    pub(crate) async fn reload(&self) -> Result<bool, String> {
        if !self.servers.reload()? {
            return Ok(false);
        }
        let _turn = self.turn.lock().await;
        if let Some(live) = self.live.load_full() {
            let links = self.servers.through_nodes_of_now(&live.links);
            let Live { number, lease, .. } = *live;
            self.live.store(Some(Arc::new(Live { links, number, lease })));
        }
        Ok(true)
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
                let _ = self.log_in(live.number, Instant::now() + CALL_TIMEOUT).await;
            }
        }
    }

    async fn wait(&self) {
        let at = self.live.load().as_ref().and_then(|live| live.lease.renew);
        match at {
            Some(at) => sleep_until(at.max(Instant::now() + RENEWAL_CHECK_INTERVAL)).await,
            None => sleep(Duration::from_secs(5)).await,
        }
    }

    /// Whether the token lives on long enough.
    async fn renew(&self, live: &Arc<Live>) -> bool {
        if !live.lease.renewable {
            return false;
        }
        let at = self.servers.current();
        let Some(link) = live.links.get(at) else { return false };
        let renewed = timeout_at(Instant::now() + CALL_TIMEOUT, login::renew(link)).await;
        let renewed = renewed.unwrap_or(Err(Fault::Outage(Outage::Slow)));
        let text = if renewed.is_ok() { "ok" } else { "failed" };
        metrics::counter!("granary_vault_renewals_total", "outcome" => text).increment(1);
        let (life, renewable) = match renewed {
            Ok(renewed) => renewed,
            Err(fault) => {
                if fault.elsewhere() {
                    self.servers.leave(at);
                }
                return false;
            }
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
