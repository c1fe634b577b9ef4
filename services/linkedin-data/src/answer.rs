//! From an answer of HarvestAPI to the method's own answer: one way for one object, one for a page of a list.
use granary_convert::lenient::{Fields, has_more_items, is_hollow};
use granary_convert::{Members, decode_field, decode_lenient};
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::types::v1::{Charge, PageInfo, Warning};
use granary_rpc::Error;
use granary_upstream::{Answer, Making};
use prost::Message;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::Value;

use crate::context::CallContext;
use crate::envelope::{Envelope, is_no, is_something};
use crate::failure::UPSTREAM;
use crate::{failure, page};

/// What answers have in common, as far as a method's answer has it.
pub(crate) trait Answered: Message + Fields {
    /// What upstream billed.
    fn charge(&mut self) -> Option<&mut Option<Charge>> {
        None
    }

    /// Whether it shows that the vendor took the credentials. Not where no shape of it is documented, so that anything may stand
    /// for it.
    fn is_proof(&self) -> bool {
        true
    }

    /// What the caller should know.
    fn warnings(&mut self) -> Option<&mut Vec<Warning>> {
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

/// The field under which rows stand, upstream and in answers.
const ROWS: &str = "elements";
/// Most rows of a page. HarvestAPI's own pages have 100 at most.
const MAX_ROWS: usize = 1_000;

/// One object.
pub(crate) async fn element<R: Answered>(context: &CallContext) -> Result<R, Error> {
    let answer = context.send().await?;
    let mut envelope = context.succeeded(&answer).await?;
    let raw = match envelope.rest.remove("element") {
        Some("null") if !context.is_write() => return Err(failure::not_found(&envelope)),
        raw => raw.filter(|raw| raw.starts_with('{')),
    };
    let unreadable = || context.without("an element", &envelope, None);
    if envelope.is_denied() {
        return Err(context.without("what was asked for", &envelope, None));
    }
    let _making = making(context, &answer, &envelope).await?;
    let raw = raw.ok_or_else(unreadable)?;
    let mut response: R = item(raw).ok_or_else(unreadable)?;
    if let Some(said) = not_there(context, &response, raw) {
        return Err(context.without("what was asked for", &envelope, said.as_deref()));
    }
    tell(&mut response, envelope, &answer);
    Ok(response)
}

/// What stands in the place of the element, where that did not come: something without its id, or that says it is no success.
fn not_there<R: Answered>(context: &CallContext, response: &R, raw: &str) -> Option<Option<String>> {
    let says_no = raw.contains("\"success\"") || context.is_write() && raw.contains("\"error\"");
    if response.is_there() && !says_no {
        return None;
    }
    let members = Members::read(raw).ok()?;
    let is_there = response.is_there() || holds_a_list::<R>(context, &members);
    let is_error = context.is_write() && members.raw("error").is_some_and(is_something);
    if is_there && !is_no(members.raw("success")) && !is_error {
        return None;
    }
    let said = ["error", "message", "reason"].iter().find_map(|key| members.value(key));
    Some(said.and_then(|said| said.as_str().map(str::to_owned)))
}

/// Whether the element is one of those that have no id and hold a list, and the list came. Without rows it is an answer, too.
fn holds_a_list<R: Answered>(context: &CallContext, members: &Members<'_>) -> bool {
    let item = context.method.descriptor.output().get_field_by_name(R::ITEM).map(|field| field.kind());
    let Some(item) = item.as_ref().and_then(Kind::as_message) else { return false };
    let is_list = |field: FieldDescriptor| {
        field.is_list() && members.raw(field.json_name()).is_some_and(|raw| raw.starts_with('['))
    };
    item.get_field_by_name("id").is_none() && item.fields().any(is_list)
}

/// A page of a list.
pub(crate) async fn list<R: Listed>(context: &CallContext) -> Result<R, Error> {
    let answer = context.send().await?;
    let mut envelope = context.succeeded(&answer).await?;
    let raw = envelope.rest.remove(ROWS).filter(|raw| raw.starts_with('['));
    let unreadable = || context.without(ROWS, &envelope, None);
    let raw = raw.ok_or_else(unreadable)?;
    if envelope.is_denied() {
        return Err(context.without("a page", &envelope, None));
    }
    if has_more_items(raw, MAX_ROWS).map_err(|_| unreadable())? {
        let what = format!("a page: it has more than the {MAX_ROWS} rows that are taken");
        return Err(context.unreadable(&what, Some(&envelope.charge)));
    }
    if is_hollow(raw) {
        return Err(context.without("a page of anything", &envelope, None));
    }
    let _making = making(context, &answer, &envelope).await?;
    let mut response: R = rows(raw).ok_or_else(unreadable)?;
    let pagination = envelope.rest.value("pagination");
    if pagination.is_some() {
        envelope.rest.remove("pagination");
    }
    let rows = response.rows();
    let (info, rest) = page::read(pagination.as_ref(), &context.asked(), rows);
    *response.page() = Some(info);
    tell(&mut response, envelope, &answer);
    if let (Some(extra), Some(rest)) = (response.extra(), rest) {
        extra.insert("pagination".to_owned(), rest.to_string());
    }
    Ok(response)
}

/// Room for what is made of an answer; where there is none, the failure tells what was charged. What came of a write is read
/// in any case.
async fn making(
    context: &CallContext,
    answer: &Answer,
    envelope: &Envelope<'_>,
) -> Result<Option<Making>, Error> {
    if context.is_write() {
        return Ok(None);
    }
    let making = answer.making(context.deadline).await;
    making.map(Some).map_err(|error| failure::charged(error.with("upstream", UPSTREAM), &envelope.charge))
}

/// The answer's message with an object under the field that is declared as its item.
pub(crate) fn item<R: Message + Fields>(object: &str) -> Option<R> {
    let mut response = R::default();
    decode_field(&mut response, R::ITEM, object).ok()?;
    Some(response)
}

/// The answer's message with these rows; nothing where they are more than a page has.
pub(crate) fn rows<R: Message + Fields>(rows: &str) -> Option<R> {
    if has_more_items(rows, MAX_ROWS).ok()? {
        return None;
    }
    let mut response = R::default();
    decode_field(&mut response, ROWS, rows).ok()?;
    Some(response)
}

/// One profile that stands by itself.
pub(crate) fn profile(object: &Value) -> wire::Profile {
    lone(object)
}

/// A run of Apify, as it is told to callers.
pub(crate) fn run(object: &Value) -> wire::ApifyRun {
    lone(object)
}

/// What is a value already is well-formed; one that nests too deeply is empty.
fn lone<M: Fields>(object: &Value) -> M {
    decode_lenient(&object.to_string()).unwrap_or_default()
}

/// Puts beside the answer what it cost, what the caller should know, and what the envelope held besides.
pub(crate) fn tell<R: Answered>(response: &mut R, envelope: Envelope<'_>, answer: &Answer) {
    if let Some(charge) = response.charge() {
        *charge = Some(envelope.charge);
    }
    if let Some(warnings) = response.warnings() {
        warnings.extend(answer.warning());
    }
    if let Some(extra) = response.extra() {
        extra.extend(envelope.rest.iter().map(|(key, raw)| (key.to_owned(), raw.to_owned())));
    }
}
