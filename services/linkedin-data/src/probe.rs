//! Whether a vendor still takes a credential. Only a refusal of that credential says no; anything else that fails says
//! nothing.
use granary_credential::Kind;
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::{Error, Reason};

use crate::answer;
use crate::apify;
use crate::failure::{CHARGE, KIND};
use crate::session::Session;

/// HarvestAPI and the key.
pub(crate) async fn key(session: &Session) -> Result<wire::ProbeHarvestapiKeyResponse, Error> {
    let answer = session.send().await?;
    let told = session.succeeded(&answer).await.and_then(|envelope| {
        envelope.owner().map(drop).ok_or_else(|| session.without("a user", &envelope, None))
    });
    let accepted = taken(told, Kind::HarvestapiKey)?;
    let verdict = signed(session, Kind::HarvestapiKey, accepted);
    Ok(wire::ProbeHarvestapiKeyResponse { accepted, verdict })
}

/// LinkedIn and the session, which upstream uses beside the key.
pub(crate) async fn session(session: &Session) -> Result<wire::ProbeLinkedinSessionResponse, Error> {
    let told = answer::element::<wire::MyProfileResponse>(session).await;
    let charge = match &told {
        Ok(answer) => answer.charge.clone(),
        Err(error) => charge_of(error),
    };
    let accepted = taken(told.map(drop), Kind::LinkedinSession)?;
    let verdict = signed(session, Kind::LinkedinSession, accepted);
    Ok(wire::ProbeLinkedinSessionResponse { accepted, verdict, charge })
}

/// Apify and the token.
pub(crate) async fn apify(session: &Session) -> Result<wire::ProbeApifyTokenResponse, Error> {
    let answer = session.apify().user().await?;
    let accepted = taken(apify::owner(&answer), Kind::ApifyToken)?;
    let verdict = signed(session, Kind::ApifyToken, accepted);
    Ok(wire::ProbeApifyTokenResponse { accepted, verdict })
}

/// What was found, under the service's own key.
fn signed(session: &Session, kind: Kind, accepted: bool) -> Vec<u8> {
    session.grant.verdict(kind, accepted).unwrap_or_default()
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
