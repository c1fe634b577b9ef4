//! Whether a vendor still takes a credential. Only a refusal of that credential says no; anything else that fails says
//! nothing.
use granary_credential::Kind;
use granary_proto::granary::internal::v1::ProbeCredentialResponse;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::{Error, Reason};

use crate::answer;
use crate::apify;
use crate::context::CallContext;
use crate::failure::{CHARGE, KIND};

/// HarvestAPI and the key.
pub(crate) async fn key(context: &CallContext) -> Result<ProbeCredentialResponse, Error> {
    let answer = context.send().await?;
    let told = context.succeeded(&answer).await.and_then(|envelope| {
        envelope.owner().map(drop).ok_or_else(|| context.without("a user", &envelope, None))
    });
    let accepted = taken(told, Kind::HarvestapiKey)?;
    let verdict = signed(context, Kind::HarvestapiKey, accepted);
    Ok(ProbeCredentialResponse { accepted, verdict, charge: None })
}

/// LinkedIn and the session, which upstream uses beside the key.
pub(crate) async fn session(context: &CallContext) -> Result<ProbeCredentialResponse, Error> {
    let told = answer::element::<granary_proto::granary::linkedin::v1::MyProfileResponse>(context).await;
    let charge = match &told {
        Ok(answer) => answer.charge.clone(),
        Err(error) => charge_of(error),
    };
    let accepted = taken(told.map(drop), Kind::LinkedinSession)?;
    let verdict = signed(context, Kind::LinkedinSession, accepted);
    Ok(ProbeCredentialResponse { accepted, verdict, charge })
}

/// Apify and the token.
pub(crate) async fn apify(context: &CallContext) -> Result<ProbeCredentialResponse, Error> {
    let answer = context.apify().user().await?;
    let accepted = taken(apify::owner(&answer), Kind::ApifyToken)?;
    let verdict = signed(context, Kind::ApifyToken, accepted);
    Ok(ProbeCredentialResponse { accepted, verdict, charge: None })
}

/// What was found, under the service's own key.
fn signed(context: &CallContext, kind: Kind, accepted: bool) -> Vec<u8> {
    context.grant.verdict(kind, accepted).unwrap_or_default()
}

fn charge_of(error: &Error) -> Option<Charge> {
    let cost_micros = error.get(CHARGE)?.parse().ok();
    Some(Charge { cost_micros, ..Charge::default() })
}

fn taken(outcome: Result<(), Error>, kind: Kind) -> Result<bool, Error> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error)
            if error.reason() == Reason::CredentialRejected && error.get(KIND) == Some(kind.text()) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
