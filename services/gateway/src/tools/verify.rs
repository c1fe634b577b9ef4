//! Whether a vendor takes a credential now, asked for on demand.
use std::time::Duration;

use granary_proto::granary::gateway::v1::{VerifyCredentialRequest, VerifyCredentialResponse};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::{Error, Reason, Violation, error};
use tonic::Status;

use super::Tools;
use super::context::Context;

/// The limit that a refusal names where a probe was made a moment ago.
const PROBES: &str = "probes";

/// How often a probe that another made is asked after. The broker bounds how long that goes on.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

impl Tools {
    pub(super) async fn verify(
        &self,
        request: VerifyCredentialRequest,
        context: &Context,
    ) -> Result<VerifyCredentialResponse, Status> {
        let account = context.account(&request.identifier)?;
        let method = self.core.probe_of(request.kind()).ok_or_else(unknown_kind)?;
        let (core, caller) = (&self.core, &context.caller);
        let probed = loop {
            match core.probe(caller, &account, method, &context.headers, context.deadline).await {
                Ok(probed) => break probed,
                // Another's probe is under way: what it finds is shared.
                Err(status) if is_open(&status) && context.deadline.remaining() > 2 * POLL_INTERVAL => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                Err(status) => return stands(&status).ok_or(status),
            }
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

/// Whether a refusal is of a probe that another one waits for.
fn is_open(status: &Status) -> bool {
    error::metadata_of(status, "is_open").is_some_and(|text| text == "true")
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
