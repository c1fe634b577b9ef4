//! From an answer of Harvest to the method's own answer, by the descriptors: one way for items, one for lists.
use std::str;

use granary_convert::lenient::{Fields, has_more_items};
use granary_convert::{Members, decode_field};
use granary_proto::granary::harvest::v1 as wire;
use granary_proto::granary::internal::v1::ProbeCredentialResponse;
use granary_proto::granary::types::v1::{PageInfo, Warning};
use granary_rpc::Error;
use granary_upstream::{Answer, Effective, effective};
use prost::Message;
use prost_reflect::MessageDescriptor;

use crate::asked::text as text_of;
use crate::context::CallContext;
use crate::told::Told;
use crate::{failure, page};

/// Most rows of a page: Harvest's own maximum of `per_page`.
const MAX_ROWS: usize = 2_000;

/// An answer that can tell the caller something besides.
pub(crate) trait Warned: Message + Fields + Told {
    fn warnings(&mut self) -> &mut Vec<Warning>;
}

/// An answer that holds the entry as it was stored.
pub(crate) trait OfEntry: Warned {
    fn time_entry(&self) -> Option<&wire::TimeEntry>;
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
        }

        impl Told for wire::$response {
            fn tell(&mut self, warnings: &[Warning]) {
                self.warnings.splice(0..0, warnings.iter().cloned());
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

macro_rules! of_entry {
    ($($response:ident)*) => {
        warned!($($response)*);
        $(impl OfEntry for wire::$response {
            fn time_entry(&self) -> Option<&wire::TimeEntry> {
                self.time_entry.as_ref()
            }
        })*
    };
}

warned!(GetUserResponse GetCompanyResponse);
of_entry!(LogTimeEntryResponse UpdateTimeEntryResponse StopTimerResponse RestartTimerResponse);
listed!(ListTimeEntriesResponse ListProjectsResponse ListUsersResponse);
listed!(ListProjectTaskAssignmentsResponse ListMyProjectAssignmentsResponse);

impl Told for wire::DeleteTimeEntryResponse {
    fn tell(&mut self, warnings: &[Warning]) {
        self.warnings.splice(0..0, warnings.iter().cloned());
    }

    fn is_proof(&self) -> bool {
        false
    }
}

/// A probe has nothing to be asked wrongly.
impl Told for ProbeCredentialResponse {
    fn tell(&mut self, _: &[Warning]) {}
}

/// A read that is answered by one object.
pub(crate) async fn item<R: Warned>(context: &CallContext) -> Result<R, Error> {
    let answer = context.succeed(context.mapped()?).await?;
    let _making = answer.making(context.deadline).await?;
    let asked = text_of(&context.input, "user_id").and_then(|id| id.parse::<i64>().ok());
    let is_other = asked.is_some() && answer.json().is_none_or(|body| body["id"].as_i64() != asked);
    match to_item(&answer) {
        Ok(_) if is_other => Err(failure::without_item(R::ITEM, None)),
        item => item.map_err(|said| failure::without_item(R::ITEM, said)),
    }
}

/// A read that is answered by a page of a list.
pub(crate) async fn list<R: Listed>(context: &CallContext) -> Result<R, Error> {
    let asked = context.input.get_field_by_name("page").and_then(|page| page.as_i32()).unwrap_or(0).max(1);
    let answer = context.succeed(context.mapped()?).await?;
    let _making = answer.making(context.deadline).await?;
    to_list(context, &context.method.descriptor.output(), &answer, asked)
}

/// Whether Harvest takes the token. Only a refusal of the token says no; anything else that fails says nothing.
pub(crate) async fn probe(context: &CallContext) -> Result<ProbeCredentialResponse, Error> {
    let answer = context.send(context.mapped()?).await?;
    match effective(answer.status, None) {
        Effective::Success
            if !failure::is_denied(&answer) && answer.json().is_some_and(|body| body["id"].is_i64()) =>
        {
            Ok(context.probed(true))
        }
        Effective::Success => Err(failure::unreadable("a user")),
        Effective::Failed(_) if failure::is_of_token(&answer) => Ok(context.probed(false)),
        Effective::Failed(status) => Err(failure::of(status, &answer, context.method, false)),
    }
}

/// The object under the field that the method declares as its item. Where it did not come, whatever the status says, what
/// Harvest says in its place.
pub(crate) fn to_item<R: Warned>(answer: &Answer) -> Result<R, Option<String>> {
    let body = text(answer).filter(|body| body.trim_ascii_start().starts_with('{')).ok_or(None)?;
    let mut response = R::default();
    decode_field(&mut response, R::ITEM, body).map_err(|_| None)?;
    if !response.is_there() || failure::is_denied(answer) {
        return Err(failure::text(answer));
    }
    response.warnings().extend(answer.warning());
    Ok(response)
}

/// The rows under their plural key; the envelope's other keys become the page's place, or are kept.
pub(crate) fn to_list<R: Listed>(
    context: &CallContext,
    output: &MessageDescriptor,
    answer: &Answer,
    asked: i32,
) -> Result<R, Error> {
    let envelope = text(answer).and_then(|body| Members::read(body).ok());
    let mut envelope = envelope.ok_or_else(|| failure::unreadable("an object"))?;
    if failure::denies(&envelope) {
        return Err(failure::without_item("list", failure::text(answer)));
    }
    let is_rows =
        |name: &str| name != "warnings" && envelope.raw(name).is_some_and(|raw| raw.starts_with('['));
    let rows = output.fields().find(|field| field.is_list() && is_rows(field.name()));
    let rows = rows.ok_or_else(|| failure::unreadable("a list"))?;
    let raw = envelope.remove(rows.name()).unwrap_or_default();
    if has_more_items(raw, MAX_ROWS).map_err(|_| failure::unreadable("a list"))? {
        return Err(failure::too_many(MAX_ROWS));
    }
    if granary_convert::lenient::is_hollow(raw) {
        return Err(failure::unreadable("a list of anything"));
    }
    let mut response = R::default();
    decode_field(&mut response, rows.name(), raw).map_err(|_| failure::unreadable("a list"))?;
    let (info, refused) = page::lift(&mut envelope, asked, |url| context.accepts_link(url));
    response.set_page(info);
    response.warnings().extend(refused.into_iter().chain(answer.warning()));
    for (key, raw) in envelope.iter() {
        response.keep(key.to_owned(), raw.to_owned());
    }
    Ok(response)
}

fn text(answer: &Answer) -> Option<&str> {
    str::from_utf8(&answer.body).ok()
}
