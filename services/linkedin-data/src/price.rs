//! The caller's cap: a call whose worst case is above it is refused before it costs anything.
use std::collections::HashSet;

use granary_formats::linkedin::person;
use granary_formats::money;
use granary_proto::Method;
use granary_rpc::{Error, Reason, Violation, metadata};
use prost_reflect::{DynamicMessage, Value};
use tonic::metadata::MetadataMap;

use crate::config::Config;
use crate::context::CallContext;

/// Refuses a call that could cost more than its caller allows.
pub(crate) fn check(context: &CallContext) -> Result<(), Error> {
    let Some(cap) = context.most else { return Ok(()) };
    match quote(context) {
        Ok(quote) if quote <= cap => Ok(()),
        quote => Err(refused(quote, cap)),
    }
}

/// The refusal of a call that could cost this much, or that no price is set for.
pub(crate) fn refused(quote: Result<i64, String>, cap: i64) -> Error {
    let refused =
        |text: String| Error::new(Reason::CostCapExceeded, text).with("cap_micros", cap.to_string());
    match quote {
        Ok(quote) => refused(format!("the call may cost {quote} micro-dollars, and the cap is {cap}"))
            .with("quote_micros", quote.to_string()),
        Err(sku) => refused(format!("no price is set for {sku}, so the cap cannot be kept")).with("sku", sku),
    }
}

/// Micro-dollars that the call costs at most, or the name of the price that nobody set.
pub(crate) fn quote(context: &CallContext) -> Result<i64, String> {
    worst(context.method, &context.input, |sku| context.service.price(sku))
}

/// The same by the standard prices, for whoever asks before a call is made; the input must have been checked.
///
/// # Errors
/// The name of the price that is not published.
pub fn standard_quote(method: &Method, input: &DynamicMessage) -> Result<i64, String> {
    let prices = Config::default().prices();
    worst(method, input, |sku| prices.get(sku).copied())
}

fn worst(
    method: &Method,
    input: &DynamicMessage,
    price_of: impl Fn(&str) -> Option<i64>,
) -> Result<i64, String> {
    let Some(price) = &method.price else { return Ok(0) };
    let applies = |field: &str| input.get_field_by_name(field).and_then(|v| v.as_bool()) == Some(true);
    let sku = price.modifiers.iter().find(|(field, _)| applies(field)).map_or(&price.sku, |(_, sku)| sku);
    let micros = |sku: &String| price_of(sku).ok_or_else(|| sku.clone());
    let plus = if price.plus.is_empty() { 0 } else { micros(&price.plus)? };
    Ok(micros(sku)?.saturating_mul(times(input, &price.times)).saturating_add(plus))
}

/// How often the price is taken: the different people of a list, or a whole number; once where there is no such field.
fn times(input: &DynamicMessage, field: &str) -> i64 {
    let Some(value) = input.get_field_by_name(field) else { return 1 };
    match value.as_ref() {
        Value::I32(number) => i64::from(*number),
        Value::List(items) => {
            let different: HashSet<String> = items.iter().filter_map(Value::as_str).map(person).collect();
            i64::try_from(different.len()).unwrap_or(i64::MAX)
        }
        _ => 1,
    }
}

/// What the caller allows, in micro-dollars, never rounded up.
pub(crate) fn cap(metadata: &MetadataMap) -> Result<Option<i64>, Error> {
    let mut values = metadata.get_all(metadata::MAX_COST).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let micros = value.to_str().ok().and_then(money::cap).filter(|_| values.next().is_none());
    micros.map(Some).ok_or_else(|| {
        let description = "must be US dollars as one decimal text, such as 0.01".to_owned();
        Error::invalid(vec![Violation { field: metadata::MAX_COST.to_owned(), description }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_prices_tell_what_an_input_may_cost() {
        let table = granary_proto::policy_table().unwrap();
        let quote = |tool: &str, input: &str| {
            let method = table.tool(tool).unwrap();
            let input = granary_convert::parse_input_text(&method.descriptor.input(), input).unwrap();
            standard_quote(method, &input)
        };
        assert_eq!(quote("scrape_profile", r#"{"public_identifier": "ann"}"#), Ok(6_400));
        let urls = r#"{"urls": ["https://www.linkedin.com/in/ann", "https://www.linkedin.com/in/bob"]}"#;
        assert_eq!(quote("bulk_scrape_profiles", urls), Ok(8_000));
        assert_eq!(quote("list_projects", "{}"), Ok(0));
        assert_eq!(quote("my_profile", "{}"), Err("my_profile".to_owned()));
    }
}
