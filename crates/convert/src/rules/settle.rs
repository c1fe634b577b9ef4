//! Puts a request in the one form in which it is sent on: an address as one text, digits as many as are sent, a page no
//! larger than the largest. What changes a number is told.
use std::borrow::Cow;

use granary_formats::decimal;
use granary_proto::granary::policy::v1::Format;
use granary_proto::granary::types::v1::Warning;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use crate::integer::{self, Width};
use crate::shape::{Field, Kind, Known, Shape};
use crate::violations::{item, join, read_as};

/// Settles a message and the messages in it. What cannot be settled stays as it is, for the checks to refuse.
pub(crate) fn settle(message: &mut DynamicMessage) -> Vec<Warning> {
    let mut warnings = Vec::new();
    settle_message(message, "", &mut warnings);
    warnings
}

fn settle_message(message: &mut DynamicMessage, path: &str, warnings: &mut Vec<Warning>) {
    let shape = Shape::of(&message.descriptor());
    for field in shape.fields.iter().filter(|field| may_change(field)) {
        if message.has_field(&field.desc) {
            let at = join(path, &field.name);
            settle_value(field, message.get_field_mut(&field.desc), &at, warnings);
        }
    }
}

fn may_change(field: &Field) -> bool {
    match &field.kind {
        Kind::Message(_) => true,
        Kind::Text => field.rule.format() != Format::Unspecified,
        Kind::Known(Known::Decimal, _) => field.rule.max_decimals > 0,
        Kind::Integer(_) => field.rule.lowered,
        _ => false,
    }
}

fn settle_value(field: &Field, value: &mut Value, path: &str, warnings: &mut Vec<Warning>) {
    match (&field.kind, value) {
        (_, Value::List(items)) => {
            for (index, value) in items.iter_mut().enumerate() {
                settle_value(field, value, &item(path, index), warnings);
            }
        }
        (Kind::Known(Known::Decimal, _), Value::Message(decimal)) => {
            warnings.extend(rounded(decimal, field.rule.max_decimals, path));
        }
        (Kind::Message(_), Value::Message(nested)) => settle_message(nested, path, warnings),
        (Kind::Text, Value::String(text)) => {
            let settled = granary_formats::settled(field.rule.format(), text).ok();
            let settled = settled.filter(|settled| settled.as_ref() != text.as_str()).map(Cow::into_owned);
            if let Some(settled) = settled {
                *text = settled;
            }
        }
        (Kind::Integer(width), value) => warnings.extend(lowered(field, *width, value, path)),
        _ => {}
    }
}

fn rounded(decimal: &mut DynamicMessage, places: u32, path: &str) -> Option<Warning> {
    let value = decimal.get_field_by_name("value")?;
    let text = decimal::rounded(value.as_str()?, places)?;
    drop(value);
    let message = format!("was rounded to {text}: at most {places} digits after the point are sent");
    decimal.try_set_field_by_name("value", Value::String(text)).ok()?;
    Some(read_as(path, message))
}

fn lowered(field: &Field, width: Width, value: &mut Value, path: &str) -> Option<Warning> {
    let most = field.rule.maximum?;
    if integer::of(value)? <= most.into() {
        return None;
    }
    *value = width.dynamic(most.into())?;
    let message = format!("was lowered to {most}, the largest that is taken");
    Some(read_as(path, message))
}

#[cfg(test)]
mod tests {
    use granary_proto::google::r#type::Decimal;
    use granary_proto::granary::harvest::v1::{ListUsersRequest, LogTimeEntryRequest};
    use granary_proto::granary::linkedin::v1::{BulkScrapeProfilesRequest, ScrapeProfileRequest};
    use prost::Message;

    use super::*;

    fn settled<M: Message + Default>(name: &str, message: &M) -> (M, Vec<String>) {
        let desc = granary_proto::pool().unwrap().get_message_by_name(name).unwrap();
        let mut dynamic = DynamicMessage::decode(desc, message.encode_to_vec().as_slice()).unwrap();
        let warnings = settle(&mut dynamic);
        assert!(warnings.iter().all(|w| w.code == "INPUT_READ_AS"));
        let told = warnings.into_iter().map(|w| format!("{} {}", w.field, w.message)).collect();
        (M::decode(dynamic.encode_to_vec().as_slice()).unwrap(), told)
    }

    #[test]
    fn addresses_and_slugs_have_one_form() {
        let request = ScrapeProfileRequest {
            public_identifier: Some("j%C3%BCrgen-x".into()),
            ..ScrapeProfileRequest::default()
        };
        let (request, told) = settled("granary.linkedin.v1.ScrapeProfileRequest", &request);
        assert_eq!((request.public_identifier.as_deref(), told.len()), (Some("jürgen-x"), 0));
        let urls =
            ["http://linkedin.com/in/j%C3%BCrgen-x)", "https://linkedin.com/in/jürgen-x#top", "nonsense"];
        let request = BulkScrapeProfilesRequest {
            urls: urls.map(String::from).to_vec(),
            ..BulkScrapeProfilesRequest::default()
        };
        let (request, _) = settled("granary.linkedin.v1.BulkScrapeProfilesRequest", &request);
        assert_eq!(request.urls[0], "https://linkedin.com/in/jürgen-x");
        assert_eq!((&request.urls[1], request.urls[2].as_str()), (&request.urls[0], "nonsense"));
    }

    #[test]
    fn what_changes_a_number_is_told() {
        let hours = |value: &str| LogTimeEntryRequest {
            hours: Some(Decimal { value: value.into() }),
            ..LogTimeEntryRequest::default()
        };
        let name = "granary.harvest.v1.LogTimeEntryRequest";
        let (request, told) = settled(name, &hours("1.3333333333333333"));
        assert_eq!(request.hours.unwrap().value, "1.333333333");
        assert!(told[0].starts_with("hours was rounded to 1.333333333: at most 9 digits"), "{told:?}");
        assert_eq!(settled(name, &hours("1.50")), (hours("1.50"), vec![]));
        let (request, told) = settled(
            "granary.harvest.v1.ListUsersRequest",
            &ListUsersRequest { per_page: Some(2_000), ..ListUsersRequest::default() },
        );
        assert_eq!(request.per_page, Some(100));
        assert_eq!(told, ["per_page was lowered to 100, the largest that is taken"]);
    }
}
