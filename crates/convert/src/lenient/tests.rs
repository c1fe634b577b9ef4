//! Reading, by messages of the contract and by one that holds what the contract has no example of.
mod node;

use granary_proto::granary::harvest::v1::TimeEntry;
use granary_proto::granary::internal::v1::AuthenticateResponse;
use granary_proto::granary::linkedin::v1::{GetMyApiUserResponse, Profile};
use granary_proto::granary::types::v1::PageInfo;
use granary_proto::granary::vault::v1::{ApiKey, PutCredentialRequest, put_credential_request};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use super::*;
use crate::sample;
use node::Node;

fn read<M: Fields>(json: &Value) -> M {
    decode_lenient(&json.to_string()).unwrap()
}

/// What a sample reads as, in the form in which tools show it.
fn sample(json: &Value) -> Value {
    let desc = sample::message("test.Node");
    let bytes = read::<Node>(json).encode_to_vec();
    crate::to_json(&DynamicMessage::decode(desc, bytes.as_slice()).unwrap())
}

#[test]
fn both_forms_of_a_value_are_taken() {
    let read: TimeEntry = read(&json!({
        "id": "636709355", "hours": "2.110", "is_locked": "true", "notes": 7, "spent_date": "2026-03-31",
        "created_at": "2026-03-31T14:02:11Z", "user": {"id": 1.0, "name": "Jane"}, "invoice": null
    }));
    assert_eq!((read.id, read.is_locked, read.notes.as_deref()), (Some(636_709_355), Some(true), Some("7")));
    assert_eq!(read.hours.unwrap().value, "2.110");
    assert_eq!(read.spent_date.unwrap().day, 31);
    assert_eq!(read.created_at.unwrap().seconds, 1_774_965_731);
    assert_eq!(read.user.unwrap().id, Some(1));
    assert!(read.invoice.is_none() && read.extra.is_empty());
}

#[test]
fn unknown_keys_and_unusable_values_stay_where_they_stood() {
    let entry: TimeEntry = read(&json!({
        "id": "x1", "hours": [1], "spent_date": "2026-02-30", "is_billed": 1, "user": "Jane", "extra": {"a": 1.10},
        "new_thing": null, "client": {"id": 1, "colour": "red"}
    }));
    let mut keys: Vec<&str> = entry.extra.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["extra", "hours", "id", "is_billed", "new_thing", "spent_date", "user"]);
    assert_eq!(entry.extra["new_thing"], "null");
    assert_eq!(entry.client.unwrap().extra["colour"], "\"red\"");
    assert_eq!(read::<TimeEntry>(&json!([1, 2])).extra[""], "[1,2]");
    assert_eq!(read::<TimeEntry>(&json!(null)), TimeEntry::default());
}

#[test]
fn what_is_kept_is_kept_as_it_was_written() {
    let raw =
        "{ \"a\\u0020b\" : { \"n\": 1.10E5 ,\n \"t\": \"\\u00e9\" } , \"notes\": 1.50, \"hours\": 1E2 }";
    let read: TimeEntry = decode_lenient(raw).unwrap();
    assert_eq!(read.extra["a b"], "{ \"n\": 1.10E5 ,\n \"t\": \"\\u00e9\" }");
    assert_eq!(read.notes.as_deref(), Some("1.50"));
    assert_eq!(read.hours.unwrap().value, "1e2");
}

#[test]
fn lists_take_what_they_can_and_keep_the_rest() {
    assert_eq!(sample(&json!({"tags": "one"}))["tags"], json!(["one"]));
    let read = sample(
        &json!({"tags": ["a", {"b": 1}, 2, null], "children": {"name": "x"}, "numbers": ["1", 2, "z"]}),
    );
    assert_eq!(read["tags"], json!(["a", "2"]));
    assert_eq!(read["extra"]["tags"], json!(["a", {"b": 1}, 2, null]));
    assert_eq!(read["children"][0]["name"], "x");
    assert_eq!(read["numbers"], json!([1, 2]));
    assert_eq!(read["extra"]["numbers"], json!(["1", 2, "z"]));
}

#[test]
fn maps_take_what_they_can_and_keep_the_rest() {
    let read = sample(&json!({"counts": {"a": "1", "b": "x"}}));
    assert_eq!(read["counts"], json!({"a": 1}));
    assert_eq!(read["extra"]["counts"], json!({"a": "1", "b": "x"}));
    assert_eq!(sample(&json!({"counts": [1]}))["extra"]["counts"], json!([1]));
}

#[test]
fn the_first_of_two_names_wins_and_the_other_is_kept() {
    let read = sample(&json!({"link": null, "companyLink": "a", "company_url": "b"}));
    assert_eq!(read["link_url"], "a");
    assert_eq!(read["extra"], json!({"company_url": "b"}));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    let read: TimeEntry = decode_lenient(
        r#"{"x":1,"notes":"a","user":{"id":1,"y":1},"notes":"b","user":{"id":2},"x":[2],"z":0}"#,
    )
    .unwrap();
    let user = read.user.unwrap();
    assert_eq!((read.notes.as_deref(), user.id, user.extra.len()), (Some("b"), Some(2), 0));
    assert_eq!((read.extra["x"].as_str(), read.extra["z"].as_str(), read.extra.len()), ("[2]", "0", 2));
    let read: TimeEntry = decode_lenient(r#"{"notes":[],"notes":null}"#).unwrap();
    assert_eq!(read, TimeEntry::default());
}

#[test]
fn a_message_without_extra_hands_its_keys_up() {
    let read =
        sample(&json!({"plain": {"a": 1, "x": [true]}, "plains": [{"a": "no"}, {"a": 2}], "plain.x": 5}));
    assert_eq!(read["plain"], json!({"a": 1}));
    assert_eq!(read["plains"][1], json!({"a": 2}));
    assert_eq!(read["extra"], json!({"plain.x": 5, "plain.x'": [true], "plains[0].a": "no"}));
}

#[test]
fn endless_nesting_ends_in_extra_and_loses_nothing() {
    let mut anything = json!({"a": "floor"});
    for _ in 0..60 {
        anything = json!({ "a": anything });
    }
    let mut deep = json!({"name": "bottom"});
    for _ in 0..100 {
        deep = json!({ "child": deep, "anything": anything });
    }
    let read = sample(&deep);
    assert!(read.to_string().contains("bottom"));
    assert_eq!(read.to_string().matches("floor").count(), 100);
    let deeper = format!("{{\"x\":{}{}}}", "[".repeat(300), "]".repeat(300));
    assert_eq!(decode_lenient::<TimeEntry>(&deeper), Err(Malformed));
}

#[test]
fn a_bare_text_stands_for_the_field_that_the_message_names() {
    let read: Profile = read(&json!({"emails": ["a@b.test", {"email": "c@d.test", "new": 1}, 7]}));
    let emails: Vec<_> = read.emails.iter().map(|e| e.email.as_deref().unwrap()).collect();
    assert_eq!(emails, ["a@b.test", "c@d.test"]);
    assert_eq!(read.emails[1].extra["new"], "1");
    assert!(read.extra.contains_key("emails"));
}

#[test]
fn of_alternatives_the_first_one_counts() {
    let json = json!({"apify_token": {}, "harvestapi_key": {"api_key": "k"}});
    let read: PutCredentialRequest = read(&json);
    assert!(matches!(read.credential, Some(put_credential_request::Credential::ApifyToken(_))));
}

#[test]
fn enums_are_known_by_text_and_name_and_bytes_by_base64() {
    assert_eq!(
        read::<PageInfo>(&json!({"more": "yes"})).more,
        read::<PageInfo>(&json!({"more": "MORE_YES"})).more
    );
    assert_eq!(read::<PageInfo>(&json!({"more": 1})).more, 0);
    assert_eq!(read::<ApiKey>(&json!({"scopes": ["time:read", "nothing"]})).scopes, [4]);
    assert_eq!(read::<AuthenticateResponse>(&json!({"principal_token": "aGk="})).principal_token, b"hi");
}

#[test]
fn a_field_is_read_beside_what_the_message_holds() {
    let mut answer = GetMyApiUserResponse::default();
    assert_eq!(GetMyApiUserResponse::ITEM, "api_user");
    decode_field(&mut answer, "api_user", r#"{"usage": {"balance": 1.10}}"#).unwrap();
    assert_eq!(answer.api_user.unwrap().usage.unwrap().balance.unwrap().value, "1.10");
    let mut entry = TimeEntry { id: Some(1), ..TimeEntry::default() };
    decode_field(&mut entry, "unheard_of", "[1.0]").unwrap();
    assert_eq!((entry.id, entry.extra["unheard_of"].as_str()), (Some(1), "[1.0]"));
}

#[test]
fn what_is_no_json_is_no_answer() {
    for text in [
        "",
        "{",
        "{\"a\"}",
        "{\"id\":1,}",
        "[1,]",
        "{\"id\":01}",
        "{\"id\":NaN}",
        "{} {}",
        "{\"notes\":\"\u{1}\"}",
        "nul",
        "{\"user\":{\"id\":}}",
        "{\"notes\":\"\\ud800\"}",
        "{\"x\":tru}",
        "<html>",
    ] {
        assert_eq!(decode_lenient::<TimeEntry>(text), Err(Malformed), "{text}");
        assert!(Members::read(text).is_err(), "{text}");
    }
}

#[test]
fn an_object_comes_apart_into_its_members() {
    let mut members = Members::read(" {\"a\": 1.0, \"b\\n\": [ 2 ], \"a\": null} ").unwrap();
    assert_eq!(members.iter().collect::<Vec<_>>(), [("a", "null"), ("b\n", "[ 2 ]")]);
    assert_eq!(
        (members.remove("b\n"), members.raw("b\n"), members.value("a")),
        (Some("[ 2 ]"), None, Some(json!(null)))
    );
    assert!(Members::read("[]").is_err());
    let read: TimeEntry = Members::read(r#"{"id": 1, "x": 1.10}"#).unwrap().decode().unwrap();
    assert_eq!((read.id, read.extra["x"].as_str()), (Some(1), "1.10"));
}
