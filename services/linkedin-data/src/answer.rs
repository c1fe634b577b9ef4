//! From an answer of HarvestAPI to the method's own answer, by the descriptors.
use granary_convert::decode_lenient;
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::Charge;
use granary_proto::options::field_rule;
use granary_rpc::Error;
use granary_upstream::{Answer, Effective, effective};
use prost::Message;
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::session::Session;
use crate::{failure, profile};

/// An answer that may have cost something.
pub(crate) trait Charged: Message + Default {
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
    let mut element = match envelope.rest.shift_remove("element") {
        Some(element @ Value::Object(_)) => element,
        Some(Value::Null) => return Err(failure::not_found(&envelope)),
        _ => return Err(failure::unreadable("an element", Some(&envelope.charge))),
    };
    profile::settle(&mut element);
    let mut response: wire::ScrapeProfileResponse = item(session, element);
    response.charge = Some(envelope.charge);
    response.warnings.extend(answer.warning());
    response.extra = envelope.rest.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    Ok(response)
}

/// Whatever upstream says of the key's owner. There is no element here; the object itself is the answer.
pub(crate) async fn owner(session: &Session) -> Result<wire::GetMyApiUserResponse, Error> {
    let answer = session.send().await?;
    let envelope = succeeded(&answer)?;
    let mut response: wire::GetMyApiUserResponse = item(session, Value::Object(envelope.rest));
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
fn succeeded(answer: &Answer) -> Result<Envelope, Error> {
    let envelope = Envelope::read(answer);
    match effective(answer.status, envelope.as_ref().and_then(|e| e.status)) {
        Effective::Success => envelope.ok_or_else(|| failure::unreadable("an object", None)),
        Effective::Failed(status) => Err(failure::of(status, answer, envelope.as_ref())),
    }
}

/// The answer's message with the object under the field that is declared as its item.
fn item<R: Message + Default>(session: &Session, object: Value) -> R {
    let output = session.method.descriptor.output();
    let field = output.fields().find(|field| field_rule(field).item);
    let name = field.map(|field| field.name().to_owned()).unwrap_or_default();
    decode_lenient(&output, &Value::Object(Map::from_iter([(name, object)])))
}
