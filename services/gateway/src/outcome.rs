//! What a vendor made of a credential: told by the service, under its own key, carried to the broker, and settled by probes.
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use granary_proto::granary::internal::v1::ReportOutcomeResponse;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Identifier};
use http::{HeaderMap, HeaderValue};
use tonic::Status;

use crate::admit::Admitted;
use crate::core::Core;
use crate::tickets::Ticket;

/// The longest that a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(15);
/// How often one rejection is followed up: a probe at once, and another one that settles it.
const MAX_PROBES: usize = 2;
/// Longer waits are not waited for: the next rejection asks again.
const MAX_PROBE_DELAY: Duration = Duration::from_secs(40);

/// What a probe found.
#[derive(Debug)]
pub(crate) struct Probed {
    /// Under the service's own key.
    pub(crate) verdict: Vec<u8>,
    /// What it cost, where it is billed.
    pub(crate) charge: Option<Charge>,
}

/// Watches one answer for what it says of the credentials that were used.
#[derive(Debug)]
pub(crate) struct Watch {
    core: Core,
    caller: Admitted,
    account: Identifier,
    ticket: Arc<Ticket>,
    /// What the caller allows the call to cost. A probe that would cost more is not made for it.
    max_cost: Option<HeaderValue>,
    /// What was told when the answer began.
    heard: Option<HeaderValue>,
}

impl Watch {
    pub(crate) fn new(
        core: Core,
        caller: Admitted,
        account: Identifier,
        ticket: Arc<Ticket>,
        max_cost: Option<HeaderValue>,
    ) -> Self {
        Self { core, caller, account, ticket, max_cost, heard: None }
    }

    /// The answer has begun, and tells this of the credentials.
    pub(crate) fn heard(&mut self, outcome: Option<HeaderValue>) {
        self.heard = outcome;
    }

    /// The answer has ended. Whatever is to be reported is reported beside the call, never in its way.
    pub(crate) fn ended(self, status: Option<&HeaderValue>, outcome: Option<&HeaderValue>) {
        let told = outcome.or(self.heard.as_ref());
        let verdicts = told.map(|value| parse(value.as_bytes())).unwrap_or_default();
        // A success is news once for each ticket.
        let is_success = status.is_some_and(|status| status == "0");
        if verdicts.is_empty() || (is_success && !self.ticket.first_success()) {
            return;
        }
        tokio::spawn(async move {
            for verdict in verdicts {
                if let Err(error) = self.settle(verdict).await {
                    tracing::warn!(
                        reason = error.message(),
                        "what a vendor made of a credential was not settled"
                    );
                }
            }
        });
    }

    /// Reports a verdict, and makes the probes that the broker asks for. Whoever made a probe makes the next one, too.
    async fn settle(&self, mut verdict: Vec<u8>) -> Result<(), Status> {
        for made in 0..=MAX_PROBES {
            let Some(known) = self.report(verdict).await? else { return Ok(()) };
            let delay =
                known.probe_delay.and_then(|delay| Duration::try_from(delay).ok()).unwrap_or_default();
            let is_mine = delay.is_zero() || made > 0;
            if known.probe_method.is_empty() || made == MAX_PROBES || !is_mine || delay > MAX_PROBE_DELAY {
                return Ok(());
            }
            tokio::time::sleep(delay).await;
            verdict = self.probe(&known.probe_method).await?.verdict;
        }
        Ok(())
    }

    /// Nothing where too many reports are under way: the next rejection makes another.
    async fn report(&self, verdict: Vec<u8>) -> Result<Option<ReportOutcomeResponse>, Status> {
        let Ok(_place) = self.core.shared.reports.clone().try_acquire_owned() else { return Ok(None) };
        self.core.broker.report(self.caller.token(), &self.account, verdict).await.map(Some)
    }

    async fn probe(&self, name: &str) -> Result<Probed, Status> {
        let method = self.core.shared.table.path(&format!("/{name}"));
        let method = method.ok_or_else(granary_server::stack::unknown_method)?;
        let mut headers = HeaderMap::new();
        headers.extend(self.max_cost.clone().map(|cost| (name::MAX_COST.clone(), cost)));
        let deadline = Deadline::after(PROBE_TIMEOUT);
        self.core.probe(&self.caller, &self.account, method, &headers, deadline).await
    }
}

/// The verdicts of a trailer: each in base64, with commas between.
fn parse(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|byte| *byte == b',')
        .filter_map(|verdict| BASE64.decode(verdict).ok())
        .filter(|v| !v.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_and_nonsense_is_not() {
        assert_eq!(parse(b"AQI=,Aw=="), [vec![1, 2], vec![3]]);
        for bad in ["", "!", "harvest_token;3;rejected", ",,"] {
            assert_eq!(parse(bad.as_bytes()), Vec::<Vec<u8>>::new(), "{bad}");
        }
    }
}
