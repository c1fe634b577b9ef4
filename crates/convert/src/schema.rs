//! JSON Schema 2020-12 of what a tool takes and answers.
//!
//! Model providers refuse tool schemas with `anyOf`, `allOf`, `oneOf`, `not` or `enum` at the top level, so rules that tie
//! fields together are written as `dependentRequired`, `dependentSchemas` and `if`/`then`, which mean the same.
mod comments;
mod property;
mod ties;

use std::collections::HashMap;

use prost_reflect::{MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

use crate::output::{Slot, place};
use crate::shape::{Field, Kind, Nested, Shape};
use comments::Comments;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a tool's input: the plain form of each value, although both forms are taken.
pub fn input_schema(desc: &MessageDescriptor) -> Value {
    let mut builder = Builder::new(Side::Input);
    let shape = Shape::of(desc);
    let root = builder.object(&shape);
    builder.finish(root)
}

/// The same as other catalogues publish it: where a field has aliases, under the first of them. `None`: nothing differs.
pub fn published_input_schema(desc: &MessageDescriptor) -> Option<Value> {
    let shape = Shape::published(desc);
    let differs = shape.fields.iter().any(|field| field.name != field.desc.name());
    differs.then(|| {
        let mut builder = Builder::new(Side::Input);
        let root = builder.object(&shape);
        builder.finish(root)
    })
}

/// The schema of a tool's `data`, open for what upstream may add.
pub fn output_schema(desc: &MessageDescriptor) -> Value {
    let mut builder = Builder::new(Side::Output);
    let shape = Shape::of(desc);
    let mut properties = Map::new();
    for field in &shape.fields {
        match (place(field), &field.kind) {
            (Slot::Charge | Slot::Warnings, _) => {}
            (Slot::Item, Kind::Message(item)) => {
                for (name, property) in builder.properties(item.shape()) {
                    properties.entry(name).or_insert(property);
                }
            }
            _ => {
                let property = builder.field(&shape, field);
                properties.entry(field.name.clone()).or_insert(property);
            }
        }
    }
    let mut root = builder.described(&shape);
    root.insert("properties".into(), Value::Object(properties));
    builder.finish(root)
}

/// What the protos say of a method: the description of a tool.
pub fn method_description(method: &MethodDescriptor) -> String {
    Comments::default().of(&method.parent_file(), method.path())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

struct Builder {
    side: Side,
    comments: Comments,
    /// Short names of nested messages, by their full names.
    names: HashMap<String, String>,
    defs: Map<String, Value>,
}

impl Builder {
    fn new(side: Side) -> Self {
        Self { side, comments: Comments::default(), names: HashMap::new(), defs: Map::new() }
    }

    fn finish(mut self, root: Map<String, Value>) -> Value {
        let mut schema = Map::from_iter([("$schema".to_owned(), Value::from(DIALECT))]);
        schema.extend(root);
        if !self.defs.is_empty() {
            self.defs.sort_keys();
            schema.insert("$defs".into(), Value::Object(self.defs));
        }
        Value::Object(schema)
    }

    fn object(&mut self, shape: &Shape) -> Map<String, Value> {
        let mut schema = self.described(shape);
        schema.insert("properties".into(), Value::Object(self.properties(shape)));
        if self.side == Side::Input {
            let required =
                shape.fields.iter().filter(|f| f.rule.required).map(|f| Value::from(f.name.as_str()));
            let required: Vec<Value> = required.collect();
            if !required.is_empty() {
                schema.insert("required".into(), Value::Array(required));
            }
            ties::add(shape, &mut schema);
            schema.insert("additionalProperties".into(), Value::Bool(false));
        }
        schema
    }

    /// An object's type and what the protos say of it.
    fn described(&mut self, shape: &Shape) -> Map<String, Value> {
        let mut schema = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        let mut text = self.comments.of(&shape.desc.parent_file(), shape.desc.path());
        if self.side == Side::Input {
            text = format!("{text} {}", ties::in_words(&shape.rule)).trim().to_owned();
        }
        if !text.is_empty() {
            schema.insert("description".into(), Value::String(text));
        }
        schema
    }

    fn properties(&mut self, shape: &Shape) -> Map<String, Value> {
        shape.fields.iter().map(|f| (f.name.clone(), self.field(shape, f))).collect()
    }

    fn field(&mut self, shape: &Shape, field: &Field) -> Value {
        let text = self.comments.of(&shape.desc.parent_file(), field.desc.path());
        let mut schema = if shape.is_extra(field) {
            Map::from_iter([("type".to_owned(), Value::from("object"))])
        } else {
            property::schema(self, field)
        };
        if !text.is_empty() {
            schema.insert("description".into(), Value::String(text));
        }
        Value::Object(schema)
    }

    /// A reference to a nested message, whose schema stands under `$defs`, once, since messages may hold themselves.
    fn reference(&mut self, nested: &Nested) -> Map<String, Value> {
        let full = nested.desc.full_name();
        let name = match self.names.get(full) {
            Some(name) => name.clone(),
            None => {
                let short = nested.desc.name();
                let taken = self.names.values().any(|n| n == short);
                let name = if taken { full.to_owned() } else { short.to_owned() };
                self.names.insert(full.to_owned(), name.clone());
                let schema = self.object(nested.shape());
                self.defs.insert(name.clone(), Value::Object(schema));
                name
            }
        };
        Map::from_iter([("$ref".to_owned(), json!(format!("#/$defs/{name}")))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_message_that_holds_itself_is_defined_once() {
        let schema = input_schema(&sample::message("test.Node"));
        assert_eq!(schema["properties"]["child"]["$ref"], "#/$defs/Node");
        assert_eq!(schema["$defs"]["Node"]["properties"]["children"]["items"]["$ref"], "#/$defs/Node");
        assert_eq!(schema["properties"]["tags"]["anyOf"][0]["items"]["maxLength"], 5);
        assert_eq!(schema["properties"]["counts"]["additionalProperties"]["type"], "integer");
        assert_eq!(schema["dependentSchemas"]["left"], json!({"not": {"required": ["right"]}}));
    }

    #[test]
    fn no_keyword_that_model_providers_refuse_stands_at_the_top() {
        for method in granary_proto::policy_table().unwrap().tools() {
            let (input, output) = (method.descriptor.input(), method.descriptor.output());
            for schema in [input_schema(&input), output_schema(&output)] {
                for refused in ["anyOf", "allOf", "oneOf", "not", "enum", "$ref"] {
                    assert!(schema.get(refused).is_none(), "{}: {refused}", method.tool);
                }
                assert_eq!(schema["type"], "object");
            }
            assert!(!method_description(&method.descriptor).is_empty(), "{}", method.tool);
        }
    }

    #[test]
    fn the_schema_of_a_tool_says_what_its_proto_says() {
        let table = granary_proto::policy_table().unwrap();
        let schema = input_schema(&table.tool("log_time_entry").unwrap().descriptor.input());
        let properties = &schema["properties"];
        assert_eq!(schema["required"], json!(["project_id", "task_id", "spent_date"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["dependentRequired"]["started_time"], json!(["ended_time"]));
        assert_eq!(properties["spent_date"]["format"], "date");
        assert_eq!(
            (&properties["hours"]["type"], properties["hours"]["maximum"].to_string()),
            (&json!("number"), "24".into())
        );
        assert_eq!(properties["project_id"]["minimum"], 1);
        assert!(properties["hours"]["description"].as_str().unwrap().starts_with("Decimal hours, 0 to 24"));
        let schema = input_schema(&table.tool("list_time_entries").unwrap().descriptor.input());
        assert_eq!(schema["properties"]["per_page"]["default"], 100);
    }

    #[test]
    fn a_published_schema_has_the_published_names_in_its_rules_too() {
        let table = granary_proto::policy_table().unwrap();
        let published = |tool: &str| published_input_schema(&table.tool(tool).unwrap().descriptor.input());
        let schema = published("get_profile_posts").unwrap();
        assert!(schema["properties"].get("profile").is_some(), "{schema}");
        assert!(schema["properties"].get("profile_url").is_none(), "{schema}");
        let text = schema.to_string();
        assert!(!text.contains("profile_url") && !text.contains("\"public_identifier"), "{text}");
        assert_eq!(
            schema["dependentSchemas"]["profile"],
            json!({"not": {"required": ["profile_public_identifier"]}})
        );
        let schema = published("bulk_scrape_profiles").unwrap();
        assert_eq!(schema["required"], json!(["profile_urls"]));
        assert!(published("scrape_profile").is_none(), "its aliases are further names alone");
        assert!(published("log_time_entry").is_none());
    }

    #[test]
    fn an_item_lies_flat_in_the_output() {
        let table = granary_proto::policy_table().unwrap();
        let schema = output_schema(&table.tool("log_time_entry").unwrap().descriptor.output());
        assert_eq!(schema["properties"]["spent_date"]["format"], "date");
        assert!(
            schema["properties"].get("warnings").is_none()
                && schema["properties"].get("time_entry").is_none()
        );
        assert_eq!(schema["properties"]["user"]["$ref"], "#/$defs/Reference");
        let schema = output_schema(&table.tool("list_projects").unwrap().descriptor.output());
        assert_eq!(schema["properties"]["projects"]["items"]["$ref"], "#/$defs/Project");
        assert_eq!(
            schema["$defs"]["PageInfo"]["properties"]["more"]["enum"],
            json!(["YES", "NO", "UNKNOWN"])
        );
        assert!(schema.get("additionalProperties").is_none());
    }
}
