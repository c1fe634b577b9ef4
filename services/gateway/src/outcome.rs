//! What upstream made of a credential: told by the service, reported to the broker, and settled by a probe.
use std::sync::Arc;

use granary_proto::granary::harvest::v1::ProbeHarvestTokenResponse;
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{CredentialStatus, Outcome, ReportOutcomeRequest};
use granary_rpc::{Deadline, Identifier};
use granary_server::RequestId;
use http::{HeaderMap, HeaderValue};

use crate::admit::Admitted;
use crate::core::Core;
use crate::forward::{Behalf, Outgoing};
use crate::tickets::Ticket;

/// The longest that a probe may take.
const PROBE: std::time::Duration = std::time::Duration::from_secs(15);

/// Watches one answer for what it says of the credentials that were used.
#[derive(Debug)]
pub(crate) struct Watch {
    core: Core,
    caller: Admitted,
    account: Identifier,
    ticket: Arc<Ticket>,
}

impl Watch {
    pub(crate) fn new(core: Core, caller: Admitted, account: Identifier, ticket: Arc<Ticket>) -> Self {
        Self { core, caller, account, ticket }
    }

    /// The answer has ended. Whatever is to be reported is reported beside the call, never in its way.
    pub(crate) fn ended(self, status: Option<&HeaderValue>, outcome: Option<&HeaderValue>) {
        let rejected = outcome.and_then(|v| parse(v.to_str().ok()?));
        let reports = match rejected {
            Some((kind, version)) => vec![(kind, version, Outcome::Rejected)],
            None if status.is_some_and(|s| s == "0") && self.ticket.first_success() => self.unproven(),
            None => return,
        };
        let Ok(place) = self.core.shared.reports.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            for (kind, version, outcome) in reports {
                self.report(kind, version, outcome).await;
            }
            drop(place);
        });
    }

    fn unproven(&self) -> Vec<(CredentialKind, i64, Outcome)> {
        let open = [CredentialStatus::Pending, CredentialStatus::Suspect];
        let unproven = self.ticket.credentials.iter().filter(|c| open.contains(&c.status()));
        unproven.map(|c| (c.kind(), c.version, Outcome::Accepted)).collect()
    }

    async fn report(&self, kind: CredentialKind, version: i64, outcome: Outcome) {
        let report = |outcome: Outcome| ReportOutcomeRequest {
            principal_token: self.caller.token().to_vec(),
            identifier: self.account.as_str().to_owned(),
            kind: kind.into(),
            version,
            outcome: outcome.into(),
        };
        let probe = match self.core.broker.report(report(outcome)).await {
            Ok(answer) => answer.probe_method,
            Err(error) => {
                tracing::warn!(reason = error.message(), "an outcome was not reported");
                return;
            }
        };
        if let Some(accepted) = self.probe(&probe).await {
            let outcome = if accepted { Outcome::Accepted } else { Outcome::ProbeRejected };
            if let Err(error) = self.core.broker.report(report(outcome)).await {
                tracing::warn!(reason = error.message(), "a probe's outcome was not reported");
            }
        }
    }

    /// Calls the probe. `None`: there is none, or it settled nothing.
    async fn probe(&self, name: &str) -> Option<bool> {
        let method = self.core.shared.table.path(&format!("/{name}"))?;
        let deadline = Deadline::after(PROBE);
        let caller = self.caller.clone();
        let ticket = self
            .core
            .shared
            .tickets
            .get(&caller, &self.account, method, &self.core.broker, deadline)
            .await
            .ok()?;
        let headers = HeaderMap::new();
        let id = RequestId::of(&headers);
        let call = Outgoing { method, headers: &headers, id: &id, deadline, body: crate::tools::unary(&[]) };
        let behalf = Behalf::Account { caller, account: self.account.clone(), ticket };
        // A boxed future, since a probe is itself a forwarded call.
        let response = Box::pin(self.core.forward(call, behalf)).await.ok()?;
        let answer = crate::tools::collect(response, 1 << 16).await.ok()?;
        let answer: ProbeHarvestTokenResponse = prost::Message::decode(answer.as_ref()).ok()?;
        Some(answer.accepted)
    }
}

/// `kind;version;rejected`
fn parse(text: &str) -> Option<(CredentialKind, i64)> {
    let mut parts = text.split(';');
    let kind = CredentialKind::from_text(parts.next()?)?;
    let version = parts.next()?.parse().ok()?;
    (parts.next() == Some("rejected")).then_some((kind, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_and_nonsense_is_not() {
        assert_eq!(parse("harvest_token;3;rejected"), Some((CredentialKind::HarvestToken, 3)));
        for bad in
            ["", "harvest_token;3", "harvest_token;x;rejected", "else;1;rejected", "harvest_token;1;fine"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
