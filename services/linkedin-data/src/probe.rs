//! Whether a vendor still takes a credential. Only a refusal of that credential says no; anything else that fails says
//! nothing.
use granary_credential::Kind;
use granary_proto::granary::linkedin::v1 as wire;
use granary_rpc::{Error, Reason};

use crate::apify;
use crate::failure::KIND;
use crate::session::Session;

/// HarvestAPI and the key.
pub(crate) async fn key(session: &Session) -> Result<wire::ProbeHarvestapiKeyResponse, Error> {
    let answer = session.send().await?;
    let accepted = taken(session.succeeded(&answer).await.map(drop), Kind::HarvestapiKey)?;
    Ok(wire::ProbeHarvestapiKeyResponse { accepted })
}

/// LinkedIn and the session, which upstream uses beside the key.
pub(crate) async fn session(session: &Session) -> Result<wire::ProbeLinkedinSessionResponse, Error> {
    let answer = session.send().await?;
    let accepted = taken(session.succeeded(&answer).await.map(drop), Kind::LinkedinSession)?;
    Ok(wire::ProbeLinkedinSessionResponse { accepted })
}

/// Apify and the token.
pub(crate) async fn apify(session: &Session) -> Result<wire::ProbeApifyTokenResponse, Error> {
    let answer = session.apify().user().await?;
    let accepted = taken(apify::succeeded(&answer).map(drop), Kind::ApifyToken)?;
    Ok(wire::ProbeApifyTokenResponse { accepted })
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
