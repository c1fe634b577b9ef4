//! As much of a JSON Schema validator as the schemas of tools need; a keyword that it does not know fails the test.
use serde_json::{Map, Value};

/// Whether the value fits the schema; `root` resolves references.
pub(crate) fn valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(schema) = schema else { return schema.as_bool().unwrap() };
    schema.iter().all(|(keyword, rule)| holds(root, schema, keyword, rule, value))
}

fn holds(root: &Value, schema: &Map<String, Value>, keyword: &str, rule: &Value, value: &Value) -> bool {
    let sub = |schema: &Value| valid(root, schema, value);
    let number = || value.as_f64().is_none_or(f64::is_finite) && value.is_number();
    match keyword {
        "$schema" | "$defs" | "description" | "default" | "contentEncoding" | "then" => true,
        "$ref" => {
            let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            sub(&root["$defs"][name])
        }
        "type" => match rule {
            Value::Array(types) => types.iter().any(|t| is_type(t.as_str().unwrap(), value)),
            one => is_type(one.as_str().unwrap(), value),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "minimum" => !number() || value.as_f64() >= rule.as_f64(),
        "maximum" => !number() || value.as_f64() <= rule.as_f64(),
        "minLength" => value.as_str().is_none_or(|s| s.chars().count() as u64 >= rule.as_u64().unwrap()),
        "maxLength" => value.as_str().is_none_or(|s| s.chars().count() as u64 <= rule.as_u64().unwrap()),
        "maxItems" => value.as_array().is_none_or(|a| a.len() as u64 <= rule.as_u64().unwrap()),
        "contains" => value.as_array().is_none_or(|a| a.iter().any(|v| valid(root, rule, v))),
        "minItems" => value.as_array().is_none_or(|a| a.len() as u64 >= rule.as_u64().unwrap()),
        "items" => value.as_array().is_none_or(|a| a.iter().all(|v| valid(root, rule, v))),
        "pattern" => value.as_str().is_none_or(|s| matches(rule.as_str().unwrap(), s)),
        "format" => value.as_str().is_none_or(|s| match rule.as_str().unwrap() {
            "date" => s.len() == 10,
            "date-time" => s.contains('T'),
            "uri" => s.contains("://"),
            other => panic!("format {other}"),
        }),
        "properties" => value.as_object().is_none_or(|object| {
            rule.as_object().unwrap().iter().all(|(k, s)| object.get(k).is_none_or(|v| valid(root, s, v)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = schema.get("properties").and_then(Value::as_object);
            let other = |k: &String| !known.is_some_and(|p| p.contains_key(k));
            object.iter().filter(|(k, _)| other(k)).all(|(_, v)| valid(root, rule, v))
        }),
        "required" => value.as_object().is_none_or(|o| names(rule).iter().all(|n| o.contains_key(*n))),
        "dependentRequired" => value.as_object().is_none_or(|object| {
            let given = rule.as_object().unwrap().iter().filter(|(k, _)| object.contains_key(*k));
            given.flat_map(|(_, list)| names(list)).all(|n| object.contains_key(n))
        }),
        "dependentSchemas" => value.as_object().is_none_or(|object| {
            rule.as_object().unwrap().iter().filter(|(k, _)| object.contains_key(*k)).all(|(_, s)| sub(s))
        }),
        "anyOf" => rule.as_array().unwrap().iter().any(sub),
        "allOf" => rule.as_array().unwrap().iter().all(sub),
        "not" => !sub(rule),
        "if" => !sub(rule) || sub(&schema["then"]),
        other => panic!("keyword {other}"),
    }
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| value.is_number() && n.fract() == 0.0),
        other => panic!("type {other}"),
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect()
}

/// The few patterns in use, by hand.
fn matches(pattern: &str, text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if let Some(paths) = pattern.strip_prefix("^https://([a-z]+\\.)?linkedin\\.com/") {
        let rest = text.strip_prefix("https://www.linkedin.com/").unwrap_or_default();
        let pages = paths.trim_end_matches("[^/\\s]").trim_end_matches('/').trim_end_matches(')');
        // What stands before the alternatives belongs to each of them.
        let (before, pages) = pages.split_once('(').unwrap_or(("", pages));
        return pages.split('|').any(|page| {
            let page = page.replace("\\?", "?");
            let rest = rest.strip_prefix(before).and_then(|rest| rest.strip_prefix(page.as_str()));
            match rest.map(|r| r.trim_start_matches('/')) {
                Some(rest) => !rest.is_empty(),
                None => false,
            }
        });
    }
    match pattern {
        "\\S" => !text.trim().is_empty(),
        "^([0-9]+|urn:li:\\S+|https://\\S+)$" => {
            let whole = !text.contains(char::is_whitespace);
            whole && (digits(text) || text.starts_with("urn:li:") || text.starts_with("https://"))
        }
        "^\\S+$" => !text.is_empty() && !text.contains(char::is_whitespace),
        "^[0-9]+$" => digits(text),
        "^([A-Za-z]{2}|ALL)$" => {
            text == "ALL" || (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()))
        }
        "^([0-9]+|me)$" => text == "me" || digits(text),
        r#"^[^/\\?#\s\[\]{}<>":,@]+$"# => {
            !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || r#"/\?#[]{}<>":,@"#.contains(c))
        }
        "^[0-9]{1,2}:[0-5][0-9]( ?[AaPp][Mm])?$" => {
            let clock = text.trim_end_matches(['a', 'p', 'A', 'P', 'm', 'M']).trim_end_matches(' ');
            clock.split_once(':').is_some_and(|(h, m)| digits(h) && h.len() <= 2 && digits(m) && m.len() == 2)
        }
        other => panic!("pattern {other}"),
    }
}
