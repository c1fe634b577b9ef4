//! What a tool answers, as people read it.
use std::collections::HashMap;

use granary_convert::{output_schema, tool_output};
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::{
    ListTimeEntriesResponse, LogTimeEntryResponse, Reference, TimeEntry,
};
use granary_proto::granary::types::v1::{Charge, More, PageInfo, Warning};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::message;
use crate::validator::valid;

fn dynamic<M: Message>(name: &str, message: &M) -> DynamicMessage {
    DynamicMessage::decode(crate::message(name), message.encode_to_vec().as_slice()).unwrap()
}

fn entry() -> TimeEntry {
    TimeEntry {
        id: Some(636_709_355),
        spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
        hours: Some(Decimal { value: "1.10".into() }),
        user: Some(Reference { id: Some(9_007_199_254_740_993), ..Reference::default() }),
        created_at: Some(prost_types::Timestamp { seconds: 1_774_965_731, nanos: 0 }),
        extra: HashMap::from([("mood".into(), r#"{"score": 1.10}"#.into()), ("bad".into(), "{".into())]),
        ..TimeEntry::default()
    }
}

fn fits_its_schema(name: &str, data: &Value) {
    let schema = output_schema(&message(name));
    assert!(valid(&schema, &schema, data), "{data}");
}

#[test]
fn an_item_lies_flat_and_warnings_are_lifted_out() {
    let warning = Warning { code: "SECRET_REDACTED".into(), message: "masked".into(), field: String::new() };
    let response = LogTimeEntryResponse { time_entry: Some(entry()), warnings: vec![warning.clone()] };
    let output = tool_output(&dynamic("granary.harvest.v1.LogTimeEntryResponse", &response));
    let expected = r#"{"id":636709355,"spent_date":"2026-03-31","user":{"id":"9007199254740993"},"hours":1.10,"created_at":"2026-03-31T14:02:11Z","extra":{"bad":"{","mood":{"score":1.10}}}"#;
    assert_eq!(output.data.to_string(), expected);
    assert_eq!((output.warnings, output.charge), (vec![warning], None));
    fits_its_schema("granary.harvest.v1.LogTimeEntryResponse", &output.data);
}

#[test]
fn a_list_keeps_its_key_and_its_page() {
    let response = ListTimeEntriesResponse {
        time_entries: vec![],
        page_info: Some(PageInfo { page: Some(1), more: More::No.into(), ..PageInfo::default() }),
        ..ListTimeEntriesResponse::default()
    };
    let output = tool_output(&dynamic("granary.harvest.v1.ListTimeEntriesResponse", &response));
    assert_eq!(output.data, json!({"time_entries": [], "page_info": {"page": 1, "more": "NO"}}));
    fits_its_schema("granary.harvest.v1.ListTimeEntriesResponse", &output.data);
}

#[test]
fn a_charge_is_lifted_out_and_a_missing_item_is_an_empty_answer() {
    let charge = Charge { cost_micros: Some(4000), ..Charge::default() };
    let mut message = DynamicMessage::new(message("granary.linkedin.v1.ScrapeProfileResponse"));
    let mut lifted = DynamicMessage::new(crate::message("granary.types.v1.Charge"));
    lifted.transcode_from(&charge).unwrap();
    message.set_field_by_name("charge", prost_reflect::Value::Message(lifted));
    let output = tool_output(&message);
    assert_eq!((output.data, output.charge), (json!({}), Some(charge)));
}

#[test]
fn no_field_of_a_response_hides_one_of_its_item() {
    for method in granary_proto::policy_table().unwrap().tools() {
        let response = method.descriptor.output();
        let item = response.fields().find(|f| granary_proto::options::field_rule(f).item);
        let Some(item) = item.and_then(|f| f.kind().as_message().cloned()) else { continue };
        for field in response.fields().filter(|f| !["charge", "warnings", "extra"].contains(&f.name())) {
            assert!(item.get_field_by_name(field.name()).is_none(), "{}: {}", method.tool, field.name());
        }
    }
}
