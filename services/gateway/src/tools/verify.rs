//! Whether a vendor takes a credential now, asked for on demand.
use granary_proto::granary::gateway::v1::{VerifyCredentialRequest, VerifyCredentialResponse};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::{Error, Reason, Violation, error};
use tonic::Status;

use super::Tools;
use super::context::Context;

/// The limit that a refusal names where a probe was made a moment ago.
const PROBES: &str = "probes";

impl Tools {
    pub(super) async fn verify(
        &self,
        request: VerifyCredentialRequest,
        context: &Context,
    ) -> Result<VerifyCredentialResponse, Status> {
        let account = context.account(&request.identifier)?;
        let method = self.core.probe_of(request.kind()).ok_or_else(unknown_kind)?;
        let (core, caller) = (&self.core, &context.caller);
        let probed = core.probe(caller, &account, method, &context.headers, context.deadline).await;
        let probed = match probed {
            Ok(probed) => probed,
            Err(status) => return stands(&status).ok_or(status),
        };
        let known = core.broker.report(caller.token(), &account, probed.verdict).await?;
        Ok(VerifyCredentialResponse {
            status: known.status,
            version: known.version,
            is_fresh: true,
            retry_delay: known.probe_delay,
            charge: probed.charge,
        })
    }
}

/// What came of a probe that was made a moment ago, as the refusal of another one tells it.
fn stands(status: &Status) -> Option<VerifyCredentialResponse> {
    let told = |key: &str| error::metadata_of(status, key);
    if error::reason_of(status) != Some(Reason::Overloaded) || told("limit")? != PROBES {
        return None;
    }
    Some(VerifyCredentialResponse {
        status: CredentialStatus::from_str_name(&told("status")?)?.into(),
        version: told("version")?.parse().ok()?,
        is_fresh: false,
        retry_delay: error::retry_delay_of(status).and_then(|delay| delay.try_into().ok()),
        charge: None,
    })
}

fn unknown_kind() -> Error {
    let description = "must be one of the credential kinds".to_owned();
    Error::invalid(vec![Violation { field: "kind".to_owned(), description }])
}
