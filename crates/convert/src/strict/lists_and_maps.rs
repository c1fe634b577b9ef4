//! Lists, maps, alternatives and enums, which the inputs of today's tools hold few of.
use serde_json::{Value, json};

use super::parse_input;
use crate::{sample, to_json};

fn read(input: &Value) -> Value {
    to_json(&parse_input(&sample::message("test.Node"), input).unwrap())
}

fn violations(input: &Value) -> Vec<String> {
    let error = parse_input(&sample::message("test.Node"), input).unwrap_err();
    error.violations().iter().map(|v| v.field.clone()).collect()
}

#[test]
fn lists_are_arrays_or_texts_with_commas() {
    assert_eq!(read(&json!({"tags": "a, b ,,c"}))["tags"], json!(["a", "b", "c"]));
    assert_eq!(read(&json!({"tags": ["a, b", 7]}))["tags"], json!(["a, b", "7"]));
    assert_eq!(read(&json!({"numbers": "1,2"}))["numbers"], json!([1, 2]));
    assert_eq!(read(&json!({"numbers": 3}))["numbers"], json!([3]));
    assert_eq!(read(&json!({"mores": "yes, MORE_NO"}))["mores"], json!(["YES", "NO"]));
    assert_eq!(read(&json!({"tags": ""}))["tags"], json!([]));
}

#[test]
fn an_array_in_a_text_is_the_array() {
    for text in [r#"["A", "B, C"]"#, " [\"A\",\"B, C\"]\n"] {
        assert_eq!(read(&json!({"tags": text}))["tags"], json!(["A", "B, C"]), "{text}");
        assert_eq!(read(&json!({"tags": [text]}))["tags"], json!(["A", "B, C"]), "{text}");
    }
    assert_eq!(read(&json!({"tags": ["x", r#"["A"]"#]}))["tags"], json!(["x", "A"]));
    assert_eq!(read(&json!({"numbers": "[1, 2]", "mores": "[\"YES\"]"}))["numbers"], json!([1, 2]));
    assert_eq!(read(&json!({"tags": "[]"}))["tags"], json!([]));
    let children = json!({"children": r#"[{"name": "a"}, {"child": "{\"name\": \"b\"}"}]"#});
    let children = read(&children)["children"].clone();
    assert_eq!((&children[0]["name"], &children[1]["child"]["name"]), (&json!("a"), &json!("b")));
    let input = json!({"child": r#"{"name": "c"}"#, "counts": r#"{"a": 1}"#, "anything": r#"{"x": [1]}"#});
    let output = read(&input);
    assert_eq!((&output["child"]["name"], &output["counts"]["a"]), (&json!("c"), &json!(1)));
    assert_eq!(output["anything"], json!({"x": [1]}));
    assert_eq!(read(&json!(r#"{"name": "whole"}"#))["name"], "whole");
    for broken in [r#"["A", "B"#, "['A', 'B']", "[A, B]", r#"{"a": 1}"#] {
        assert_eq!(violations(&json!({"tags": broken})), ["tags"], "{broken}");
    }
    assert_eq!(read(&json!({"tags": ["[A] B"]}))["tags"], json!(["[A] B"]));
    assert_eq!(violations(&json!({"tags": r#"["fine", null, "toolong"]"#})), ["tags[1]", "tags[2]"]);
    assert_eq!(violations(&json!({"child": r#"{"name": "a", "name": "b"}"#})), ["child.name"]);
    assert_eq!(violations(&json!({"counts": r#"{"cookie": 1}"#})), ["counts.cookie"]);
    assert_eq!(violations(&json!({"child": r#"{"nonsense": [{"li_at": "x"}]}"#})).len(), 2);
}

#[test]
fn values_in_texts_count_towards_the_bounds() {
    let many = format!("[{}1]", "1,".repeat(crate::MAX_VALUES / 2));
    let input = json!({"tags": "x", "children": [{"numbers": many.clone()}, {"numbers": many}]});
    let error = parse_input(&sample::message("test.Node"), &input).unwrap_err();
    assert!(error.to_string().contains("10000 values"), "{error}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(violations(&json!({"tags": deep})), ["tags", "tags"]);
}

#[test]
fn numbers_stand_for_texts_while_their_digits_are_certain() {
    assert_eq!(read(&json!({"name": 7}))["name"], "7");
    let input: Value = serde_json::from_str(r#"{"name": 7440000000000000001, "tags": [2.0, 1.50]}"#).unwrap();
    let output = read(&input);
    assert_eq!(output["name"], "7440000000000000001");
    assert_eq!(output["tags"], json!(["2", "1.50"]));
    // Some languages write a whole double with an exponent from ten million on.
    let input: Value = serde_json::from_str(r#"{"name": 1.2345678E7, "zig": 1.2345678E7}"#).unwrap();
    assert_eq!((&read(&input)["name"], &read(&input)["zig"]), (&json!("12345678"), &json!(12_345_678)));
    for number in ["7.44e18", "9.007199254740992e15"] {
        let input = serde_json::from_str(&format!(r#"{{"name": {number}, "zig": {number}}}"#)).unwrap();
        let error = parse_input(&sample::message("test.Node"), &input).unwrap_err();
        assert_eq!(error.violations().len(), 2);
        assert!(error.violations().iter().all(|v| v.description.contains("write it as text")), "{error}");
    }
    let id =
        prost_types::Value { kind: Some(prost_types::value::Kind::NumberValue(9_007_199_254_740_992.0)) };
    let fields = [("name".to_owned(), id)].into_iter().collect();
    assert!(super::tool_input_struct(&sample::message("test.Node"), prost_types::Struct { fields }).is_err());
}

#[test]
fn how_a_text_was_read_is_told() {
    let told = |input: &Value| super::tool_input(&sample::message("test.Node"), input).unwrap().warnings;
    let warnings = told(&json!({"tags": "a, b", "numbers": [1, 2], "mores": "yes"}));
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].code.as_str(), warnings[0].field.as_str()), ("INPUT_READ_AS", "tags"));
    assert!(warnings[0].message.starts_with("was read as 2 items: \"a\"; \"b\""), "{}", warnings[0].message);
    assert!(told(&json!({"tags": ["a, b"]})).is_empty());
    let warnings = told(&json!({"tags": r#"["a", "b"]"#}));
    assert!(warnings[0].message.starts_with("was read as 2 items: \"a\"; \"b\""), "{}", warnings[0].message);
}

#[test]
fn each_faulty_item_is_named() {
    assert_eq!(
        violations(&json!({"tags": ["fine", null, "toolong", {}, "", " "], "numbers": "1,x,10"})),
        ["numbers[1]", "numbers[2]", "tags[1]", "tags[2]", "tags[3]", "tags[4]", "tags[5]"]
    );
    assert_eq!(
        violations(&json!({"children": [{"numbers": [10]}, 7, {"nme": "x"}]})),
        ["children[0].numbers[0]", "children[1]", "children[2].nme"]
    );
    assert_eq!(violations(&json!({"children": "a,b", "tags": true})), ["children", "tags"]);
}

#[test]
fn of_alternatives_one_is_given() {
    assert_eq!(read(&json!({"right": "2026-03-31", "left": null}))["right"], "2026-03-31");
    assert_eq!(violations(&json!({"left": "", "right": "2026-03-31"})), ["right"]);
}

#[test]
fn maps_structures_and_bytes_read_back() {
    let input = json!({
        "name": "n", "counts": {"a": 1, "b": 2}, "anything": {"x": [1, 2.5, null, {"y": "z"}]}, "blob": "AP8=",
        "more": "NO", "ratio": 0.25, "zig": -5, "fix": -7, "extra": {"k": {"v": [1.10]}}
    });
    let output = read(&input);
    for (name, value) in input.as_object().unwrap() {
        assert_eq!(output[name], *value, "{name}");
    }
    assert_eq!(read(&json!({"blob": "AP8"}))["blob"], "AP8=");
    assert_eq!(
        violations(&json!({"counts": {"a": "x"}, "anything": [], "blob": "%"})),
        ["anything", "blob", "counts.a"]
    );
}

#[test]
fn an_unknown_choice_is_told_what_there_is() {
    let error = parse_input(&sample::message("test.Node"), &json!({"more": "PERHAPS"})).unwrap_err();
    assert_eq!(
        error.violations()[0].description,
        "\"PERHAPS\" is not known: must be one of YES, NO, UNKNOWN"
    );
    let long = "x".repeat(41);
    let error = parse_input(&sample::message("test.Node"), &json!({"more": long})).unwrap_err();
    assert_eq!(error.violations()[0].description, "must be one of YES, NO, UNKNOWN");
}

#[test]
fn credentials_inside_maps_and_structures_are_refused() {
    assert_eq!(
        violations(
            &json!({"counts": {"cookie": 1}, "anything": {"a": {"li_at": "x"}}, "extra": {"proxy": 1}})
        ),
        ["anything.a.li_at", "counts.cookie", "extra.proxy"]
    );
}

#[test]
fn depth_is_bounded() {
    let mut deep = json!({});
    for _ in 0..63 {
        deep = json!({ "child": deep });
    }
    assert!(parse_input(&sample::message("test.Node"), &deep).is_ok());
    assert_eq!(violations(&json!({ "child": deep })), [""]);
}
