//! From an answer of HarvestAPI to the method's own answer: one way for one object, one for a page of a list.
use std::collections::HashMap;

use granary_convert::decode_lenient;
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::{Charge, PageInfo, Warning};
use granary_proto::options::field_rule;
use granary_rpc::Error;
use granary_upstream::Answer;
use prost::Message;
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::session::Session;
use crate::{failure, page, profile};

/// What answers have in common, as far as a method's answer has it.
pub(crate) trait Answered: Message + Default {
    /// What upstream billed.
    fn charge(&mut self) -> Option<&mut Option<Charge>> {
        None
    }

    /// What the caller should know.
    fn warnings(&mut self) -> Option<&mut Vec<Warning>> {
        None
    }

    /// What is not modelled.
    fn extra(&mut self) -> Option<&mut HashMap<String, String>> {
        None
    }
}

/// An answer that is a page of a list.
pub(crate) trait Listed: Answered {
    /// How many rows it has.
    fn rows(&self) -> usize;

    /// Where it lies in its list.
    fn page(&mut self) -> &mut Option<PageInfo>;
}

/// One object.
pub(crate) async fn element<R: Answered>(session: &Session) -> Result<R, Error> {
    let answer = session.send().await?;
    let mut envelope = session.succeeded(&answer).await?;
    let mut element = match envelope.rest.shift_remove("element") {
        Some(element @ Value::Object(_)) => element,
        Some(Value::Null) if !session.is_write() => return Err(failure::not_found(&envelope)),
        _ => return Err(session.unreadable("an element", Some(&envelope.charge))),
    };
    profile::settle(&mut element);
    let mut response = item(session, element);
    tell(&mut response, envelope, &answer);
    Ok(response)
}

/// A page of a list.
pub(crate) async fn list<R: Listed>(session: &Session) -> Result<R, Error> {
    let answer = session.send().await?;
    let mut envelope = session.succeeded(&answer).await?;
    let Some(rows @ Value::Array(_)) = envelope.rest.shift_remove("elements") else {
        return Err(session.unreadable("elements", Some(&envelope.charge)));
    };
    let pagination = envelope.rest.shift_remove("pagination");
    let mut response: R = self::rows(session, rows);
    let rows = response.rows();
    let (info, rest) = page::read(pagination.as_ref(), &session.asked(), rows);
    *response.page() = Some(info);
    envelope.rest.extend(rest.map(|rest| ("pagination".to_owned(), rest)));
    tell(&mut response, envelope, &answer);
    Ok(response)
}

/// The answer's message with an object under the field that is declared as its item.
pub(crate) fn item<R: Message + Default>(session: &Session, object: Value) -> R {
    let output = session.method.descriptor.output();
    let field = output.fields().find(|field| field_rule(field).item);
    let name = field.map(|field| field.name().to_owned()).unwrap_or_default();
    decode_lenient(&output, &Value::Object(Map::from_iter([(name, object)])))
}

/// The answer's message with these rows.
pub(crate) fn rows<R: Message + Default>(session: &Session, rows: Value) -> R {
    let output = session.method.descriptor.output();
    decode_lenient(&output, &Value::Object(Map::from_iter([("elements".to_owned(), rows)])))
}

/// One profile that stands by itself.
pub(crate) fn profile(mut object: Value) -> wire::Profile {
    profile::settle(&mut object);
    lone("granary.linkedin.v1.Profile", &object)
}

/// A run of Apify, as it is told to callers.
pub(crate) fn run(object: &Value) -> wire::ApifyRun {
    lone("granary.linkedin.v1.ApifyRun", object)
}

fn lone<M: Message + Default>(name: &str, object: &Value) -> M {
    let descriptor = granary_proto::pool().ok().and_then(|pool| pool.get_message_by_name(name));
    descriptor.map(|descriptor| decode_lenient(&descriptor, object)).unwrap_or_default()
}

/// Puts beside the answer what it cost, what the caller should know, and what the envelope held besides.
pub(crate) fn tell<R: Answered>(response: &mut R, envelope: Envelope, answer: &Answer) {
    if let Some(charge) = response.charge() {
        *charge = Some(envelope.charge);
    }
    if let Some(warnings) = response.warnings() {
        warnings.extend(answer.warning());
    }
    if let Some(extra) = response.extra() {
        extra.extend(envelope.rest.into_iter().map(|(key, value)| (key, value.to_string())));
    }
}
