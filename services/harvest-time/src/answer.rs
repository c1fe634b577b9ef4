//! From an answer of Harvest to the method's own answer, by the descriptors: one way for items, one for lists.
use granary_convert::decode_lenient;
use granary_proto::granary::harvest::v1 as wire;
use granary_proto::granary::types::v1::{PageInfo, Warning};
use granary_proto::options::field_rule;
use granary_rpc::Error;
use granary_upstream::{Answer, Effective, effective};
use prost::Message;
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value};

use crate::session::Session;
use crate::{failure, page};

/// An answer that can tell the caller something besides.
pub(crate) trait Warned: Message + Default {
    fn warnings(&mut self) -> &mut Vec<Warning>;
}

/// An answer that is a page of a list.
pub(crate) trait Listed: Warned {
    fn set_page(&mut self, info: PageInfo);
    fn page(&self) -> Option<&PageInfo>;
    fn keep(&mut self, key: String, json: String);
}

macro_rules! warned {
    ($($response:ident)*) => {
        $(impl Warned for wire::$response {
            fn warnings(&mut self) -> &mut Vec<Warning> {
                &mut self.warnings
            }
        })*
    };
}

macro_rules! listed {
    ($($response:ident)*) => {
        warned!($($response)*);
        $(impl Listed for wire::$response {
            fn set_page(&mut self, info: PageInfo) {
                self.page_info = Some(info);
            }

            fn page(&self) -> Option<&PageInfo> {
                self.page_info.as_ref()
            }

            fn keep(&mut self, key: String, json: String) {
                self.extra.insert(key, json);
            }
        })*
    };
}

warned!(LogTimeEntryResponse GetUserResponse GetCompanyResponse StopTimerResponse RestartTimerResponse);
warned!(UpdateTimeEntryResponse DeleteTimeEntryResponse);
listed!(ListTimeEntriesResponse ListProjectsResponse ListUsersResponse);
listed!(ListProjectTaskAssignmentsResponse ListMyProjectAssignmentsResponse);

/// A read that is answered by one object.
pub(crate) async fn item<R: Warned>(session: &Session) -> Result<R, Error> {
    let answer = session.succeed(session.mapped()?).await?;
    to_item(&session.method.descriptor.output(), &answer).ok_or_else(|| failure::unreadable("an object"))
}

/// A read that is answered by a page of a list.
pub(crate) async fn list<R: Listed>(session: &Session) -> Result<R, Error> {
    let asked = session.input.get_field_by_name("page").and_then(|page| page.as_i32()).unwrap_or(0).max(1);
    let answer = session.succeed(session.mapped()?).await?;
    to_list(session, &session.method.descriptor.output(), &answer, asked)
}

/// Whether Harvest takes the token. Only a refusal of the token says no; anything else that fails says nothing.
pub(crate) async fn probe(session: &Session) -> Result<wire::ProbeHarvestTokenResponse, Error> {
    let answer = session.send(session.mapped()?).await?;
    match effective(answer.status, None) {
        Effective::Success if answer.json().is_some_and(|body| body.is_object()) => {
            Ok(wire::ProbeHarvestTokenResponse { accepted: true })
        }
        Effective::Success => Err(failure::unreadable("a user")),
        Effective::Failed(401 | 403) => Ok(wire::ProbeHarvestTokenResponse { accepted: false }),
        Effective::Failed(status) => Err(failure::of(status, &answer, session.method, false)),
    }
}

/// The object under the field that the method declares as its item. `None`: the body is no object.
pub(crate) fn to_item<R: Warned>(output: &MessageDescriptor, answer: &Answer) -> Option<R> {
    let body = answer.json().filter(Value::is_object)?;
    let item = output.fields().find(|field| field_rule(field).item)?;
    let wrapped = Value::Object(Map::from_iter([(item.name().to_owned(), body)]));
    let mut response: R = decode_lenient(output, &wrapped);
    response.warnings().extend(answer.warning());
    Some(response)
}

/// The rows under their plural key; the envelope's other keys become the page's place, or are kept.
pub(crate) fn to_list<R: Listed>(
    session: &Session,
    output: &MessageDescriptor,
    answer: &Answer,
    asked: i32,
) -> Result<R, Error> {
    let Some(Value::Object(mut envelope)) = answer.json() else {
        return Err(failure::unreadable("an object"));
    };
    let is_rows =
        |name: &str| name != "warnings" && envelope.get(name).is_some_and(|v| v.is_array() || v.is_object());
    let rows = output.fields().find(|field| field.is_list() && is_rows(field.name()));
    let rows = rows.ok_or_else(|| failure::unreadable("a list"))?;
    let value = envelope.shift_remove(rows.name()).unwrap_or_default();
    let mut response: R =
        decode_lenient(output, &Value::Object(Map::from_iter([(rows.name().to_owned(), value)])));
    let (info, refused) = page::lift(&mut envelope, asked, |url| session.accepts_link(url));
    response.set_page(info);
    response.warnings().extend(refused.into_iter().chain(answer.warning()));
    for (key, value) in envelope {
        response.keep(key, value.to_string());
    }
    Ok(response)
}
