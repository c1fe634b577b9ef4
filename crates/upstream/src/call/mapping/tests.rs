use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1 as harvest;
use granary_proto::granary::linkedin::v1 as linkedin;
use granary_proto::granary::policy::v1::FieldRule;
use prost::Message;
use prost::encoding::{bytes, string};
use prost_reflect::Value;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{FieldDescriptorProto, FileDescriptorProto, Timestamp};

use super::*;

fn method(tool: &str) -> &'static Method {
    granary_proto::policy_table().unwrap().tool(tool).unwrap()
}

fn pairs(call: &Call) -> Vec<(&str, &str)> {
    call.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

#[test]
fn a_write_has_its_fields_in_the_body_with_exact_digits() {
    let request = harvest::LogTimeEntryRequest {
        project_id: 14_307_913,
        task_id: 8_083_365,
        spent_date: Some(Date { year: 2026, month: 3, day: 1 }),
        hours: Some(Decimal { value: "1.50".into() }),
        notes: Some(String::new()),
        ..Default::default()
    };
    let call = Call::from_typed(method("log_time_entry"), &request).unwrap();
    assert_eq!((call.verb, call.path.as_str()), (Verb::Post, "/v2/time_entries"));
    assert!(!call.repeatable && call.query.is_empty());
    assert_eq!(
        call.body.unwrap().to_string(),
        r#"{"project_id":14307913,"task_id":8083365,"spent_date":"2026-03-01","hours":1.50,"notes":""}"#
    );
}

#[test]
fn a_read_has_its_fields_in_the_query_with_defaults() {
    let request = harvest::ListTimeEntriesRequest {
        from: Some(Date { year: 2026, month: 12, day: 31 }),
        is_running: Some(false),
        ..Default::default()
    };
    let call = Call::from_typed(method("list_time_entries"), &request).unwrap();
    assert_eq!(pairs(&call), [("from", "2026-12-31"), ("is_running", "false"), ("per_page", "100")]);
    assert!(call.repeatable && !call.charged && call.body.is_none());

    let since = Timestamp { seconds: 1_774_958_531, nanos: 500_000_000 };
    let request = harvest::ListUsersRequest {
        updated_since: Some(since),
        page: Some(2),
        per_page: Some(7),
        ..Default::default()
    };
    let call = Call::from_typed(method("list_users"), &request).unwrap();
    let expected = [("updated_since", "2026-03-31T12:02:11.5Z"), ("page", "2"), ("per_page", "7")];
    assert_eq!(pairs(&call), expected);
}

#[test]
fn fields_of_the_path_are_encoded_and_sent_nowhere_else() {
    let user =
        |id: &str| Call::from_typed(method("get_user"), &harvest::GetUserRequest { user_id: id.into() });
    assert_eq!(user("me").unwrap().path, "/v2/users/me");
    assert_eq!(user("a/b?c").unwrap().path, "/v2/users/a%2Fb%3Fc");
    for bad in ["", ".", "..", "%2e%2E"] {
        let error = user(bad).unwrap_err();
        assert_eq!(error.reason(), Reason::InvalidInput, "{bad}");
        assert_eq!(error.violations()[0].field, "user_id");
    }
    let stop = harvest::StopTimerRequest { time_entry_id: 636_709_355 };
    let call = Call::from_typed(method("stop_timer"), &stop).unwrap();
    assert_eq!((call.path.as_str(), call.body), ("/v2/time_entries/636709355/stop", None));
}

#[test]
fn upstream_names_are_used_and_charged_reads_are_known() {
    let request = linkedin::ScrapeProfileRequest {
        public_identifier: Some("ada".into()),
        find_email: Some(true),
        ..Default::default()
    };
    let call = Call::from_typed(method("scrape_profile"), &request).unwrap();
    assert_eq!(pairs(&call), [("query", "ada"), ("findEmail", "true")]);
    assert!(call.repeatable && call.charged);
    assert!(!format!("{call:?}").contains("ada"));
}

#[test]
fn faults_are_all_told_and_what_cannot_be_mapped_is_ours() {
    let request = harvest::UpdateTimeEntryRequest {
        spent_date: Some(Date { year: 2026, month: 2, day: 30 }),
        hours: Some(Decimal { value: "1,5".into() }),
        ..Default::default()
    };
    let error = Call::from_typed(method("update_time_entry"), &request).unwrap_err();
    let fields: Vec<&str> = error.violations().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["hours", "spent_date", "time_entry_id"]);

    let table = granary_proto::policy_table().unwrap();
    let unmapped = table.methods().iter().find(|m| m.upstream.is_none()).unwrap();
    let empty = DynamicMessage::new(unmapped.descriptor.input());
    assert_eq!(Call::from_message(unmapped, &empty).unwrap_err().reason(), Reason::Internal);
}

#[test]
fn lists_enums_and_fields_of_our_own() {
    let mut message = crafted();
    let words = ["San Francisco, CA", "Zürich", ",,"].map(|w| Value::String(w.into()));
    message.set_field_by_name("places", Value::List(words.to_vec()));
    message.set_field_by_name("effects", Value::List(vec![Value::EnumNumber(1), Value::EnumNumber(3)]));
    message.set_field_by_name("ours", Value::String("x".into()));

    let method = method("list_projects");
    let call = Call::from_message(method, &message).unwrap();
    assert_eq!(
        pairs(&call),
        [("placeNames", "San Francisco CA,Zürich"), ("effects", "read,write"), ("flag", "true")]
    );

    let write = with_verb(method, Verb::Post);
    let call = Call::from_message(&write, &message).unwrap();
    let body = r#"{"placeNames":["San Francisco, CA","Zürich",",,"],"effects":["read","write"],"flag":true}"#;
    assert_eq!(call.body.unwrap().to_string(), body);
    let call = Call::from_message(&in_query(write), &message).unwrap();
    assert_eq!((call.query.len(), call.body), (3, None));

    message.set_field_by_name("effects", Value::List(vec![Value::EnumNumber(77)]));
    assert_eq!(Call::from_message(method, &message).unwrap_err().violations()[0].field, "effects");
}

fn in_query(mut method: Method) -> Method {
    if let Some(upstream) = &mut method.upstream {
        upstream.in_query = true;
    }
    method
}

#[test]
fn what_upstream_calls_otherwise_is_told_in_its_words() {
    let request = linkedin::GetLinkedinPostRequest {
        activity_id: Some("7440000000000000001".into()),
        ..Default::default()
    };
    let call = Call::from_typed(method("get_post"), &request).unwrap();
    let url = "https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001";
    assert_eq!(pairs(&call), [("url", url)]);

    let request = linkedin::SearchJobsRequest {
        keywords: Some(String::new()),
        workplace_type: vec![linkedin::WorkplaceType::OnSite.into(), linkedin::WorkplaceType::Remote.into()],
        salary: vec![linkedin::SalaryRange::From100k.into()],
        ..Default::default()
    };
    let call = Call::from_typed(method("search_jobs"), &request).unwrap();
    assert_eq!(pairs(&call), [("workplaceType", "office,remote"), ("salary", "100k+")]);

    let request = linkedin::SearchPostsRequest {
        profile: vec!["https://www.linkedin.com/in/a,b".into(), "ACoAAA".into()],
        ..Default::default()
    };
    let call = Call::from_typed(method("search_posts"), &request).unwrap();
    assert_eq!(pairs(&call), [("profile", "https://www.linkedin.com/in/a%2Cb,ACoAAA")]);
    let call = Call::from_typed(
        method("send_linkedin_message"),
        &linkedin::SendLinkedinMessageRequest {
            recipient_profile: "https://www.linkedin.com/in/a".into(),
            message: "Hello, you".into(),
        },
    );
    let call = call.unwrap();
    assert_eq!((call.verb, call.query.len(), &call.body, call.repeatable), (Verb::Post, 2, &None, false));
}

fn with_verb(method: &Method, verb: Verb) -> Method {
    let mut upstream = method.upstream.clone().unwrap();
    upstream.set_verb(verb);
    Method {
        path: method.path.clone(),
        service: method.service.clone(),
        process: method.process.clone(),
        descriptor: method.descriptor.clone(),
        needs: method.needs.clone(),
        ticket_class: method.ticket_class,
        is_stream: method.is_stream,
        effect: method.effect,
        scope: method.scope,
        exposure: method.exposure,
        tool: method.tool.clone(),
        tool_aliases: method.tool_aliases.clone(),
        price: method.price.clone(),
        upstream: Some(upstream),
    }
}

/// A message whose fields have options that no request of ours happens to use. Options of extensions survive only as
/// bytes, so that the descriptor is put together by hand.
fn crafted() -> DynamicMessage {
    let rule = |upstream: &[&str], local, default_value: &str| FieldRule {
        upstream: upstream.iter().map(|u| (*u).to_owned()).collect(),
        local,
        default_value: default_value.to_owned(),
        ..Default::default()
    };
    let effect = Some(".granary.policy.v1.Effect");
    let fields = [
        field("places", 1, Label::Repeated, Type::String, None, &rule(&["placeNames", "places"], false, "")),
        field("effects", 2, Label::Repeated, Type::Enum, effect, &rule(&[], false, "")),
        field("ours", 3, Label::Optional, Type::String, None, &rule(&[], true, "")),
        field("flag", 4, Label::Optional, Type::Bool, None, &rule(&[], false, "true")),
    ];
    let mut message = Vec::new();
    string::encode(1, &"Crafted".to_owned(), &mut message);
    for field in &fields {
        bytes::encode(2, field, &mut message);
    }
    let mut file = FileDescriptorProto {
        name: Some("crafted.proto".into()),
        package: Some("crafted".into()),
        dependency: vec!["granary/policy/v1/policy.proto".into()],
        syntax: Some("proto3".into()),
        ..Default::default()
    }
    .encode_to_vec();
    bytes::encode(4, &message, &mut file);
    let mut pool = granary_proto::pool().unwrap().clone();
    pool.decode_file_descriptor_proto(file.as_slice()).unwrap();
    DynamicMessage::new(pool.get_message_by_name("crafted.Crafted").unwrap())
}

fn field(
    name: &str,
    number: i32,
    label: Label,
    r#type: Type,
    type_name: Option<&str>,
    rule: &FieldRule,
) -> Vec<u8> {
    let mut field = FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        type_name: type_name.map(str::to_owned),
        ..Default::default()
    };
    field.set_label(label);
    field.set_type(r#type);
    let mut field = field.encode_to_vec();
    let mut options = Vec::new();
    bytes::encode(50_721, &rule.encode_to_vec(), &mut options);
    bytes::encode(8, &options, &mut field);
    field
}
