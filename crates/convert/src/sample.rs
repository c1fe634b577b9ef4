//! Messages for tests that the contract has no example of: themselves inside themselves, maps, alternatives.
use std::sync::LazyLock;

use granary_proto::granary::policy::v1::FieldRule;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, Value};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, MessageOptions, OneofDescriptorProto,
};

/// A message of the package `test`.
pub(crate) fn message(name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(name).unwrap()
}

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = granary_proto::pool().unwrap().clone();
    let file = FileDescriptorProto {
        name: Some("test.proto".into()),
        package: Some("test".into()),
        syntax: Some("proto3".into()),
        dependency: [
            "granary/policy/v1/policy.proto",
            "google/type/date.proto",
            "google/type/decimal.proto",
            "google/protobuf/struct.proto",
            "granary/types/v1/answer.proto",
        ]
        .map(String::from)
        .to_vec(),
        message_type: vec![node(), plain()],
        ..Default::default()
    };
    let mut dynamic =
        DynamicMessage::new(pool.get_message_by_name("google.protobuf.FileDescriptorProto").unwrap());
    dynamic.transcode_from(&file).unwrap();
    let rule = FieldRule {
        upstream: ["link", "companyLink", "company_url"].map(String::from).to_vec(),
        ..FieldRule::default()
    };
    annotate(&mut dynamic, "Node", "link_url", &rule);
    let rule = FieldRule { maximum: Some(9), max_bytes: 5, ..FieldRule::default() };
    annotate(&mut dynamic, "Node", "tags", &rule);
    annotate(&mut dynamic, "Node", "numbers", &rule);
    pool.decode_file_descriptor_proto(dynamic.encode_to_vec().as_slice()).unwrap();
    pool
});

/// Sets a field's rule, which the typed options cannot hold.
fn annotate(file: &mut DynamicMessage, message: &str, field: &str, rule: &FieldRule) {
    let pool = granary_proto::pool().unwrap();
    let extension = pool.get_extension_by_name("granary.policy.v1.field").unwrap();
    let mut value = DynamicMessage::new(pool.get_message_by_name("granary.policy.v1.FieldRule").unwrap());
    value.transcode_from(rule).unwrap();
    let field = named(named(file, "message_type", message), "field", field);
    let options = field.get_field_by_name_mut("options").unwrap().as_message_mut().unwrap();
    options.set_extension(&extension, Value::Message(value));
}

fn named<'a>(message: &'a mut DynamicMessage, list: &str, name: &str) -> &'a mut DynamicMessage {
    let items = message.get_field_by_name_mut(list).unwrap().as_list_mut().unwrap();
    let mut items = items.iter_mut().filter_map(Value::as_message_mut);
    items.find(|m| m.get_field_by_name("name").unwrap().as_str() == Some(name)).unwrap()
}

fn node() -> DescriptorProto {
    let mut fields = vec![
        one("name", 1, Type::String, None),
        one("child", 2, Type::Message, Some(".test.Node")),
        many("children", 3, Type::Message, Some(".test.Node")),
        many("tags", 4, Type::String, None),
        many("numbers", 5, Type::Int64, None),
        one("plain", 6, Type::Message, Some(".test.Plain")),
        many("plains", 7, Type::Message, Some(".test.Plain")),
        one("anything", 8, Type::Message, Some(".google.protobuf.Struct")),
        one("more", 9, Type::Enum, Some(".granary.types.v1.More")),
        many("mores", 10, Type::Enum, Some(".granary.types.v1.More")),
        one("blob", 11, Type::Bytes, None),
        one("link_url", 12, Type::String, None),
        one("ratio", 13, Type::Double, None),
        one("zig", 14, Type::Sint64, None),
        one("fix", 15, Type::Sfixed32, None),
        one("left", 16, Type::String, None),
        one("right", 17, Type::Message, Some(".google.type.Date")),
        many("counts", 19, Type::Message, Some(".test.Node.CountsEntry")),
        many("extra", 20, Type::Message, Some(".test.Node.ExtraEntry")),
    ];
    for side in ["left", "right"] {
        find(&mut fields, side).oneof_index = Some(0);
    }
    DescriptorProto {
        name: Some("Node".into()),
        nested_type: vec![entry("CountsEntry", Type::Int32), entry("ExtraEntry", Type::String)],
        oneof_decl: vec![OneofDescriptorProto { name: Some("side".into()), options: None }],
        options: Some(MessageOptions::default()),
        field: fields,
        ..Default::default()
    }
}

fn plain() -> DescriptorProto {
    DescriptorProto {
        name: Some("Plain".into()),
        field: vec![FieldDescriptorProto {
            proto3_optional: Some(true),
            oneof_index: Some(0),
            ..one("a", 1, Type::Int32, None)
        }],
        oneof_decl: vec![OneofDescriptorProto { name: Some("_a".into()), options: None }],
        ..Default::default()
    }
}

fn entry(name: &str, value: Type) -> DescriptorProto {
    DescriptorProto {
        name: Some(name.into()),
        field: vec![one("key", 1, Type::String, None), one("value", 2, value, None)],
        options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
        ..Default::default()
    }
}

fn one(name: &str, number: i32, kind: Type, of: Option<&str>) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        type_name: of.map(Into::into),
        ..Default::default()
    }
}

fn many(name: &str, number: i32, kind: Type, of: Option<&str>) -> FieldDescriptorProto {
    FieldDescriptorProto { label: Some(Label::Repeated.into()), ..one(name, number, kind, of) }
}

fn find<'a>(fields: &'a mut [FieldDescriptorProto], name: &str) -> &'a mut FieldDescriptorProto {
    fields.iter_mut().find(|f| f.name() == name).unwrap()
}
