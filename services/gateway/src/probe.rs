//! Probes: calls that ask a vendor for nothing but whether it takes a credential. Their tickets, which alone open an expired
//! value, are never kept.
use granary_proto::Method;
use granary_proto::granary::internal::v1::ProbeCredentialResponse;
use granary_proto::granary::policy::v1::{CredentialKind, Exposure};
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::RequestId;
use http::HeaderMap;
use prost::Message;
use tonic::Status;

use crate::admit::Admitted;
use crate::core::Core;
use crate::forward::{Behalf, Outgoing};
use crate::outcome::Probed;
use crate::tickets::Ticket;

/// Bytes of a probe's answer.
const MAX_ANSWER: usize = 1 << 16;

impl Core {
    /// The method that probes credentials of a kind.
    pub(crate) fn probe_of(&self, kind: CredentialKind) -> Option<&'static Method> {
        let is_probe = |method: &&Method| {
            method.exposure == Exposure::Internal
                && method.needs.first().is_some_and(|kinds| *kinds == [kind])
        };
        self.shared.table.methods().iter().find(is_probe)
    }

    /// Makes a probe. The headers may hold the caller's options.
    pub(crate) async fn probe(
        &self,
        caller: &Admitted,
        account: &Identifier,
        method: &'static Method,
        headers: &HeaderMap,
        deadline: Deadline,
    ) -> Result<Probed, Status> {
        let ticket = Ticket::for_probe(caller, account, method, &self.broker, deadline).await?;
        let id = RequestId::of(headers);
        let call = Outgoing { method, headers, id: &id, deadline, body: crate::frames::unary(&[]) };
        let behalf = Behalf::Account { caller: caller.clone(), account: account.clone(), ticket };
        // A boxed future, since a probe is itself a forwarded call.
        let response = Box::pin(self.forward(call, behalf)).await?;
        let answer = crate::frames::collect(response, MAX_ANSWER).await?;
        let answer = ProbeCredentialResponse::decode(answer.as_ref()).map_err(|error| {
            Error::new(Reason::Internal, "a probe's answer cannot be read").caused_by(error)
        })?;
        Ok(Probed { verdict: answer.verdict, charge: answer.charge })
    }
}
