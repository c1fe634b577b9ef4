//! Rules that tie fields together, as keywords and in words.
use serde_json::{Map, Value, json};

use crate::shape::{Field, Form, Kind, Shape, Ties};

/// Adds the keywords to an object's schema.
pub(super) fn add(shape: &Shape, schema: &mut Map<String, Value>) {
    let mut pairs: Map<String, Value> = Map::new();
    for names in &shape.rule.together {
        for name in names {
            let others: Vec<&String> = names.iter().filter(|n| *n != name).collect();
            pairs.insert(name.clone(), json!(others));
        }
    }
    if !pairs.is_empty() {
        schema.insert("dependentRequired".into(), Value::Object(pairs));
    }
    let clashes = clashes(shape);
    if !clashes.is_empty() {
        schema.insert("dependentSchemas".into(), Value::Object(clashes));
    }
    let mut needs: Vec<Value> = shape.rule.at_least_one.iter().map(|names| any_of(names)).collect();
    needs.extend(shape.rule.filters.iter().map(|names| filter_of(shape, names)));
    // "if" holds for every object; what would be `anyOf` at the top stands under "then".
    if let Some(then) = if needs.len() > 1 { Some(json!({ "allOf": needs })) } else { needs.pop() } {
        schema.insert("if".into(), json!({"type": "object"}));
        schema.insert("then".into(), then);
    }
}

/// The rules as sentences, for readers that pass over the keywords.
pub(super) fn in_words(ties: &Ties) -> String {
    let mut sentences = Vec::new();
    let different = ties.filters.iter().filter(|names| !ties.at_least_one.contains(names));
    for names in ties.at_least_one.iter().chain(different) {
        sentences.push(format!("At least one of {} is needed.", names.join(", ")));
    }
    for groups in &ties.at_most_one {
        let groups: Vec<String> = groups.iter().map(|g| g.join(" with ")).collect();
        sentences.push(format!("At most one of these may be given: {}.", groups.join("; ")));
    }
    for names in &ties.together {
        sentences.push(format!("Only together: {}.", names.join(", ")));
    }
    for names in &ties.in_order {
        sentences.push(format!("None of these days may be after the next: {}.", names.join(", ")));
    }
    sentences.join(" ")
}

fn any_of(names: &[String]) -> Value {
    let each: Vec<Value> = names.iter().map(|n| json!({"required": [n]})).collect();
    json!({ "anyOf": each })
}

/// The same with fields that hold more than blanks.
fn filter_of(shape: &Shape, names: &[String]) -> Value {
    let word = json!({"pattern": "\\S"});
    let one = |name: &String| {
        let mut schema = json!({"required": [name]});
        let filled = match shape.field(name).map(|f| (&f.form, &f.kind)) {
            Some((Form::One, Kind::Text)) => Some(word.clone()),
            Some((Form::List, Kind::Text)) => {
                Some(json!({"pattern": "\\S", "minItems": 1, "contains": word}))
            }
            Some((Form::List, _)) => Some(json!({"pattern": "\\S", "minItems": 1})),
            _ => None,
        };
        if let (Some(filled), Value::Object(schema)) = (filled, &mut schema) {
            schema.insert("properties".into(), Value::Object(Map::from_iter([(name.clone(), filled)])));
        }
        schema
    };
    json!({ "anyOf": names.iter().map(one).collect::<Vec<_>>() })
}

/// For each field that excludes others, the schema that says so.
fn clashes(shape: &Shape) -> Map<String, Value> {
    let mut alternatives: Vec<Vec<Vec<&Field>>> = Vec::new();
    for groups in &shape.rule.at_most_one {
        let fields = |group: &Vec<String>| group.iter().filter_map(|n| shape.field(n)).collect();
        alternatives.push(groups.iter().map(fields).collect());
    }
    let mut oneofs: Vec<&str> = shape.fields.iter().filter_map(|f| f.oneof.as_deref()).collect();
    oneofs.sort_unstable();
    oneofs.dedup();
    for oneof in oneofs {
        let members = shape.fields.iter().filter(|f| f.oneof.as_deref() == Some(oneof));
        alternatives.push(members.map(|f| vec![f]).collect());
    }
    let mut found: Map<String, Value> = Map::new();
    for groups in alternatives {
        for (index, group) in groups.iter().enumerate() {
            let others: Vec<&Field> = groups.iter().skip(index + 1).flatten().copied().collect();
            for (field, other) in group.iter().flat_map(|f| others.iter().map(move |o| (f, o))) {
                let list = found.entry(field.name.clone()).or_insert_with(|| json!([]));
                if let Value::Array(list) = list {
                    list.push(clash(field, other));
                }
            }
        }
    }
    for excluded in found.values_mut() {
        *excluded = match excluded.as_array().map(Vec::as_slice) {
            Some([only]) => json!({ "not": only }),
            _ => json!({"not": {"anyOf": excluded}}),
        };
    }
    found
}

/// That both are given; of truth values, that they are true, because "false" excludes nothing.
fn clash(field: &Field, other: &Field) -> Value {
    let switches =
        [field, other].into_iter().filter(|f| matches!((&f.form, &f.kind), (Form::One, Kind::Bool)));
    let on: Map<String, Value> = switches.map(|f| (f.name.clone(), json!({"const": true}))).collect();
    let mut schema = json!({"required": [other.name]});
    if let (false, Value::Object(schema)) = (on.is_empty(), &mut schema) {
        schema.insert("properties".into(), Value::Object(on));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_profile_is_named_in_one_way() {
        let pool = granary_proto::pool().unwrap();
        let shape = Shape::of(&pool.get_message_by_name("granary.linkedin.v1.ScrapeProfileRequest").unwrap());
        let mut schema = Map::new();
        add(&shape, &mut schema);
        let schema = Value::Object(schema);
        assert_eq!(
            schema["then"],
            json!({"anyOf": [{"required": ["profile_url"]}, {"required": ["public_identifier"]}]})
        );
        assert_eq!(
            schema["dependentSchemas"]["profile_url"],
            json!({"not": {"required": ["public_identifier"]}})
        );
        assert_eq!(
            schema["dependentSchemas"]["main"]["not"]["properties"]["find_email"],
            json!({"const": true})
        );
        assert!(
            in_words(&shape.rule).starts_with("At least one of profile_url, public_identifier is needed.")
        );
    }
}
