//! What upstream answered: never a fault. Keys that the protos do not model, and values of an unusable type, are kept
//! as raw JSON in the `extra` of the message they stand in.
mod message;
mod scalar;
mod wire;

use prost::Message;
use prost_reflect::MessageDescriptor;
use serde_json::Value;

use crate::shape::Shape;

/// The key under which an answer is kept that is no object at all.
const WHOLE: &str = "";

/// Reads an answer. What cannot be used goes into `extra`; where a message has none, into that of the nearest message
/// around it, under a dotted path.
pub fn decode_lenient<M: Message + Default>(desc: &MessageDescriptor, json: &Value) -> M {
    let bytes = encode(desc, json);
    // Written by the same descriptors that the type was generated from, with nesting bounded below the decoder's.
    M::decode(bytes.as_slice()).unwrap_or_default()
}

/// The answer as protobuf.
pub(crate) fn encode(desc: &MessageDescriptor, json: &Value) -> Vec<u8> {
    let shape = Shape::of(desc);
    let mut out = Vec::with_capacity(1024);
    let mut homeless = Vec::new();
    match json {
        Value::Object(object) => message::write(&shape, object, &mut out, &mut homeless, 0),
        Value::Null => {}
        other => {
            message::write_extra(
                &shape,
                vec![(WHOLE.to_owned(), other.to_string())],
                &mut out,
                &mut homeless,
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use granary_proto::granary::harvest::v1::TimeEntry;
    use prost_reflect::DynamicMessage;
    use serde_json::json;

    fn entry(json: &Value) -> TimeEntry {
        let pool = granary_proto::pool().unwrap();
        decode_lenient(&pool.get_message_by_name("granary.harvest.v1.TimeEntry").unwrap(), json)
    }

    fn sample(json: &Value) -> Value {
        let desc = sample::message("test.Node");
        crate::to_json(&DynamicMessage::decode(desc.clone(), encode(&desc, json).as_slice()).unwrap())
    }

    #[test]
    fn both_forms_of_a_value_are_taken() {
        let read = entry(&json!({
            "id": "636709355", "hours": "2.110", "is_locked": "true", "notes": 7, "spent_date": "2026-03-31",
            "created_at": "2026-03-31T14:02:11Z", "user": {"id": 1.0, "name": "Jane"}, "invoice": null
        }));
        assert_eq!(
            (read.id, read.is_locked, read.notes.as_deref()),
            (Some(636_709_355), Some(true), Some("7"))
        );
        assert_eq!(read.hours.unwrap().value, "2.110");
        assert_eq!(read.spent_date.unwrap().day, 31);
        assert_eq!(read.created_at.unwrap().seconds, 1_774_965_731);
        assert_eq!(read.user.unwrap().id, Some(1));
        assert!(read.invoice.is_none() && read.extra.is_empty());
    }

    #[test]
    fn unknown_keys_and_unusable_values_stay_where_they_stood() {
        let read = entry(&json!({
            "id": "x1", "hours": [1], "spent_date": "2026-02-30", "is_billed": 1, "user": "Jane", "extra": {"a": 1.10},
            "new_thing": null, "client": {"id": 1, "colour": "red"}
        }));
        let mut keys: Vec<&str> = read.extra.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["extra", "hours", "id", "is_billed", "new_thing", "spent_date", "user"]);
        assert_eq!(read.extra["new_thing"], "null");
        assert_eq!(read.client.unwrap().extra["colour"], "\"red\"");
        assert_eq!(entry(&json!([1, 2])).extra[""], "[1,2]");
        assert_eq!(entry(&json!(null)), TimeEntry::default());
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
    fn the_first_of_two_names_wins_and_the_other_is_kept() {
        let read = sample(&json!({"link": null, "companyLink": "a", "company_url": "b"}));
        assert_eq!(read["link_url"], "a");
        assert_eq!(read["extra"], json!({"company_url": "b"}));
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
    }
}
