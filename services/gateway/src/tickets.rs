//! Tickets by account and what they hold: one question to the broker for any number of callers, a bounded memory, and
//! every copy wiped when its last user drops it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use granary_proto::Method;
use granary_proto::granary::internal::v1::{IssueTicketRequest, IssueTicketResponse, TicketCredential};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::{Deadline, Error, Identifier, Reason};
use http::HeaderValue;
use moka::future::Cache;
use tonic::Status;
use zeroize::Zeroizing;

use crate::admit::Admitted;
use crate::broker::{self, Broker};
use crate::flight::Flights;
use crate::generations::{Generation, Generations};

/// A ticket is used for less than its life of 60 s, so that it does not end on the way.
const REUSE_TTL: Duration = Duration::from_secs(50);

/// Tickets that can be used again.
#[derive(Debug)]
pub(crate) struct Tickets {
    cache: Cache<Slot, Arc<Ticket>>,
    flights: Flights<Slot, Arc<Ticket>>,
    generations: Arc<Generations>,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

/// What a ticket is good for. It names the API key it was issued to, and with it the tenant, and is used for no other. The generation
/// is part of it: after an invalidation, it names another slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    api_key: Box<str>,
    account: Box<str>,
    class: u16,
    generation: Generation,
}

/// A sealed ticket, which cannot be opened here.
#[derive(Debug)]
pub(crate) struct Ticket {
    header: HeaderValue,
    incarnation: HeaderValue,
    until: Instant,
    unproven: AtomicBool,
}

impl Tickets {
    pub(crate) fn new(max: u64, generations: Arc<Generations>) -> Self {
        let counter = |result| metrics::counter!("granary_ticket_cache_total", "result" => result);
        Self {
            cache: Cache::builder().max_capacity(max).time_to_live(REUSE_TTL).build(),
            flights: Flights::new(),
            generations,
            hits: counter("hit"),
            misses: counter("miss"),
        }
    }

    pub(crate) async fn sweep(&self) {
        self.cache.run_pending_tasks().await;
    }

    /// A ticket for one method of one account.
    pub(crate) async fn get(
        &self,
        caller: &Admitted,
        account: &Identifier,
        method: &Method,
        broker: &Broker,
        deadline: Deadline,
    ) -> Result<Arc<Ticket>, Status> {
        let tenant = caller.principal().tenant.as_str();
        let slot = Slot {
            api_key: caller.principal().key_id.as_str().into(),
            account: account.as_str().into(),
            class: method.ticket_class,
            generation: self.generations.account(tenant, account.as_str()),
        };
        if let Some(ticket) = self.cache.get(&slot).await {
            if ticket.until > Instant::now() {
                self.hits.increment(1);
                return Ok(ticket);
            }
            self.cache.invalidate(&slot).await;
        }
        self.misses.increment(1);
        // Boxed, so that a hit does not carry the room that a miss needs.
        Box::pin(self.issue(slot, caller, account, method, broker, deadline)).await
    }

    async fn issue(
        &self,
        slot: Slot,
        caller: &Admitted,
        account: &Identifier,
        method: &Method,
        broker: &Broker,
        deadline: Deadline,
    ) -> Result<Arc<Ticket>, Status> {
        let ask = question(caller, account, method);
        let tenant = caller.principal().tenant.as_str();
        let usable_until = self.generations.account_usable_until(tenant, &slot.account);
        let (cache, broker, kept) = (self.cache.clone(), broker.clone(), slot.clone());
        // All who wait have the same key, so that what is wrong with it is so for each of them.
        let issued = self.flights.join(slot.clone(), Some(tenant), deadline, || async move {
            let answer = broker.issue(ask, Deadline::after(broker::QUESTION_TIMEOUT)).await?;
            let ticket = Ticket::new(answer, usable_until)?;
            cache.insert(kept, ticket.clone()).await;
            Ok(ticket)
        });
        issued.await
    }
}

fn question(caller: &Admitted, account: &Identifier, method: &Method) -> IssueTicketRequest {
    IssueTicketRequest {
        principal_token: caller.token().to_vec(),
        identifier: account.as_str().to_owned(),
        method: method.name().to_owned(),
    }
}

impl Ticket {
    /// `usable_until` bounds its use, because a lagging replica may have answered.
    fn new(answer: IssueTicketResponse, usable_until: Option<Instant>) -> Result<Arc<Self>, Status> {
        let sealed = Zeroizing::new(answer.ticket);
        let text = Wiped(Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(sealed.as_slice()).into_bytes()));
        // Every request's header shares these bytes, which are wiped when the last of them is dropped.
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
            .map_err(|_| Error::new(Reason::Internal, "the ticket cannot be a header"))?;
        header.set_sensitive(true);
        let expires = answer.expire_time.map_or(0, |t| t.seconds * 1_000 + i64::from(t.nanos) / 1_000_000);
        let left = expires - i64::try_from(granary_rpc::clock::now_ms()).unwrap_or(i64::MAX);
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let until = Instant::now() + left.saturating_sub(Duration::from_secs(10)).min(REUSE_TTL);
        let until = usable_until.map_or(until, |usable_until| usable_until.min(until));
        let open = |c: &TicketCredential| {
            matches!(c.status(), CredentialStatus::Pending | CredentialStatus::Suspect)
        };
        let unproven = AtomicBool::new(answer.credentials.iter().any(open));
        let incarnation = HeaderValue::try_from(HEXLOWER.encode(&answer.incarnation))
            .map_err(|_| Error::new(Reason::Internal, "the incarnation cannot be a header"))?;
        Ok(Arc::new(Self { header, incarnation, until, unproven }))
    }

    /// A ticket for a probe, which is used once and kept nowhere.
    pub(crate) async fn for_probe(
        caller: &Admitted,
        account: &Identifier,
        method: &Method,
        broker: &Broker,
        deadline: Deadline,
    ) -> Result<Arc<Self>, Status> {
        Self::new(broker.issue(question(caller, account, method), deadline).await?, None)
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The account's incarnation, which the service holds against the ticket.
    pub(crate) fn incarnation(&self) -> HeaderValue {
        self.incarnation.clone()
    }

    /// Whether this is the first success of a ticket of which a credential has not been seen to work: worth one report.
    pub(crate) fn first_success(&self) -> bool {
        self.unproven.load(Ordering::Relaxed) && self.unproven.swap(false, Ordering::AcqRel)
    }
}

/// Bytes that are wiped when `Bytes` lets go of them.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, admitted};

    #[tokio::test]
    async fn a_tenant_whose_questions_wait_leaves_another_room_for_its_own() {
        let fake = Fake::default();
        let core = fake.core().await;
        let patient = Deadline::after(Duration::from_secs(5));
        let method = core.shared.table.path("/granary.harvest.v1.HarvestTime/GetCompany").unwrap();
        let (evil, good) = (admitted(&core, "evil", patient).await, admitted(&core, "good", patient).await);
        fake.silent.lock().unwrap().insert("evil".to_owned());
        // More than one connection takes at a time.
        for number in 0..600 {
            let (core, evil) = (core.clone(), evil.clone());
            let account = Identifier::parse(format!("evil-{number}")).unwrap();
            tokio::spawn(async move { core.ticket(&evil, &account, method, patient).await });
        }
        while fake.tickets() < 300 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let account = Identifier::parse("good").unwrap();
        let soon = Deadline::after(Duration::from_secs(1));
        core.ticket(&good, &account, method, soon).await.expect("a ticket within a second");
    }
}
