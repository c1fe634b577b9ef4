//! From an answer of HarvestAPI to the method's own answer, by the descriptors.
use granary_convert::decode_field;
use granary_convert::lenient::Fields;
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::Error;
use granary_upstream::{Answer, Effective, effective};
use prost::Message;

use crate::envelope::Envelope;
use crate::failure;
use crate::session::Session;

/// An answer that may have cost something.
pub(crate) trait Charged: Message + Fields {
    fn charge(&self) -> Option<&Charge>;
}

impl Charged for wire::ScrapeProfileResponse {
    fn charge(&self) -> Option<&Charge> {
        self.charge.as_ref()
    }
}

impl Charged for wire::GetMyApiUserResponse {
    fn charge(&self) -> Option<&Charge> {
        self.charge.as_ref()
    }
}

impl Charged for wire::ProbeHarvestapiKeyResponse {
    fn charge(&self) -> Option<&Charge> {
        None
    }
}

/// One profile, or the failure that upstream wraps into a success of HTTP.
pub(crate) async fn element(session: &Session) -> Result<wire::ScrapeProfileResponse, Error> {
    let answer = session.send().await?;
    let mut envelope = succeeded(&answer)?;
    let element = match envelope.rest.remove("element") {
        Some("null") => return Err(failure::not_found(&envelope)),
        element => element.filter(|raw| raw.starts_with('{')),
    };
    let unreadable = || failure::unreadable("an element", Some(&envelope.charge));
    let mut response = wire::ScrapeProfileResponse::default();
    let item = wire::ScrapeProfileResponse::ITEM;
    decode_field(&mut response, item, element.ok_or_else(unreadable)?).map_err(|_| unreadable())?;
    response.charge = Some(envelope.charge);
    response.warnings.extend(answer.warning());
    response.extra = envelope.rest.iter().map(|(key, raw)| (key.to_owned(), raw.to_owned())).collect();
    Ok(response)
}

/// Whatever upstream says of the key's owner. There is no element here; the object itself is the answer.
pub(crate) async fn owner(session: &Session) -> Result<wire::GetMyApiUserResponse, Error> {
    let answer = session.send().await?;
    let envelope = succeeded(&answer)?;
    let user = envelope.rest.decode().map_err(|_| failure::unreadable("a user", Some(&envelope.charge)))?;
    let mut response = wire::GetMyApiUserResponse { api_user: Some(user), ..Default::default() };
    response.charge = (envelope.charge != Charge::default()).then_some(envelope.charge);
    response.warnings.extend(answer.warning());
    Ok(response)
}

/// Whether HarvestAPI takes the key. Only a refusal of the key says no; anything else that fails says nothing.
pub(crate) async fn probe(session: &Session) -> Result<wire::ProbeHarvestapiKeyResponse, Error> {
    let answer = session.send().await?;
    let envelope = Envelope::read(&answer);
    match effective(answer.status, envelope.as_ref().and_then(|e| e.status)) {
        Effective::Success if envelope.is_some() => Ok(wire::ProbeHarvestapiKeyResponse { accepted: true }),
        Effective::Success => Err(failure::unreadable("an object", None)),
        Effective::Failed(401) => Ok(wire::ProbeHarvestapiKeyResponse { accepted: false }),
        Effective::Failed(status) => Err(failure::of(status, &answer, envelope.as_ref())),
    }
}

/// The envelope of an answer that succeeded by both of its statuses.
fn succeeded(answer: &Answer) -> Result<Envelope<'_>, Error> {
    let envelope = Envelope::read(answer);
    match effective(answer.status, envelope.as_ref().and_then(|e| e.status)) {
        Effective::Success => envelope.ok_or_else(|| failure::unreadable("an object", None)),
        Effective::Failed(status) => Err(failure::of(status, answer, envelope.as_ref())),
    }
}
