//! What a request needs besides the rules that stand in the contract: gaps between the tools and what upstream takes.
use granary_proto::Method;
use granary_proto::granary::policy::v1::Paging;
use granary_proto::granary::types::v1::Warning;
use granary_proto::options::{field_rule, text_of};
use granary_rpc::{Error, Violation};
use granary_upstream::Call;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use crate::service::Service;
use crate::{ConnectionNotes, industries};

/// The names under which upstream takes ids of industries.
const INDUSTRIES: [&str; 3] = ["industryIds", "industryId", "excludeIndustryIds"];
/// The names under which upstream takes companies, by ids or URLs.
const COMPANIES: [&str; 6] = [
    "currentCompanies",
    "pastCompanies",
    "excludeCurrentCompanies",
    "excludePastCompanies",
    "companyId",
    "companies",
];

/// Adapts a checked request to upstream's parameters, and returns warnings for the caller.
///
/// # Errors
/// Every fault that upstream would bill, or misread.
pub(crate) fn adapt(
    service: &Service,
    method: &Method,
    input: &mut DynamicMessage,
) -> Result<Vec<Warning>, Error> {
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    for field in input.descriptor().fields().filter(|field| input.has_field(field)).collect::<Vec<_>>() {
        let upstream = field_rule(&field).upstream.into_iter().next().unwrap_or_default();
        if INDUSTRIES.contains(&upstream.as_str()) {
            match industries::resolve(field.name(), &texts(input, &field)) {
                Ok(ids) => input.set_field(&field, Value::List(ids.into_iter().map(Value::String).collect())),
                Err(mut unknown) => faults.append(&mut unknown),
            }
        }
        if COMPANIES.contains(&upstream.as_str()) {
            warnings.extend(unconfirmed(field.name(), &texts(input, &field)));
        }
    }
    if needs_token(method, input) && later(input) && text(input, "pagination_token").is_empty() {
        let wanted = "is required from page 2 on: without it, upstream sends page 1 again, and bills it";
        faults.push(violation("pagination_token", wanted));
    }
    faults.extend(dates(input));
    if method.tool == "send_connection_request" && !text(input, "message").is_empty() {
        match service.connection_notes() {
            ConnectionNotes::Refuse => {
                faults.push(violation("message", "cannot be sent: notes are switched off here"));
            }
            ConnectionNotes::Forward => warnings.push(note()),
        }
    }
    if faults.is_empty() { Ok(warnings) } else { Err(Error::invalid(faults)) }
}

/// Whether a page after the first needs the token of the page before it.
pub(crate) fn needs_token(method: &Method, input: &DynamicMessage) -> bool {
    let by_token = method.upstream.as_ref().is_some_and(|upstream| upstream.paging() == Paging::Token);
    // Comments that are sorted by date are the exception: upstream counts their pages.
    by_token && choice(input, "sort_by") != Some("date")
}

/// A search for jobs knows companies by their ids; a name goes under another key.
pub(crate) fn rename(call: &mut Call) {
    let name = |value: &str| !value.split(',').all(is_id);
    for (key, value) in &mut call.query {
        if key == "companyId" && name(value) {
            "company".clone_into(key);
        }
    }
}

/// The days of a search for ads belong to one choice of its dates.
fn dates(input: &DynamicMessage) -> Vec<Violation> {
    let has = |name: &str| input.descriptor().get_field_by_name(name).is_some_and(|f| input.has_field(&f));
    let mut faults = Vec::new();
    match (choice(input, "date_option"), has("start_date")) {
        (Some("custom-date-range"), false) => {
            for field in ["start_date", "end_date"] {
                faults.push(violation(field, "is required with date_option custom-date-range"));
            }
        }
        (other, true) if other != Some("custom-date-range") => {
            for field in ["start_date", "end_date"] {
                faults.push(violation(field, "is taken only with date_option custom-date-range"));
            }
        }
        _ => {}
    }
    faults
}

fn unconfirmed(field: &str, companies: &[String]) -> Option<Warning> {
    let names: Vec<String> = companies
        .iter()
        .filter(|company| !is_id(company) && !company.contains("://"))
        .map(|name| format!("\"{}\"", name.escape_debug().to_string().chars().take(80).collect::<String>()))
        .take(10)
        .collect();
    (!names.is_empty()).then(|| Warning {
        code: "COMPANY_NAME_UNCONFIRMED".to_owned(),
        message: format!(
            "upstream documents ids and URLs of companies, and not names; sent as written: {}. scrape_company tells the id",
            names.join(", ")
        ),
        field: field.to_owned(),
    })
}

fn note() -> Warning {
    Warning {
        code: "NOTE_UNCONFIRMED".to_owned(),
        message: "the note was sent along, but upstream does not document that it delivers one".to_owned(),
        field: "message".to_owned(),
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn later(input: &DynamicMessage) -> bool {
    input.get_field_by_name("page").and_then(|page| page.as_i32()).is_some_and(|page| page > 1)
}

fn text(input: &DynamicMessage, name: &str) -> String {
    let value = input.get_field_by_name(name);
    value.as_deref().and_then(Value::as_str).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// The text of a field, or the texts of a list.
fn texts(input: &DynamicMessage, field: &FieldDescriptor) -> Vec<String> {
    match input.get_field(field).as_ref() {
        Value::String(text) => vec![text.clone()],
        Value::List(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn choice(input: &DynamicMessage, name: &str) -> Option<&'static str> {
    let field = input.descriptor().get_field_by_name(name)?;
    let Kind::Enum(choices) = field.kind() else { return None };
    text_of(choices.full_name(), input.get_field(&field).as_enum_number()?)
}

fn violation(field: &str, description: &str) -> Violation {
    Violation { field: field.to_owned(), description: description.to_owned() }
}
