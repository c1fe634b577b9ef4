//! Lists, maps, alternatives and enums, which the inputs of today's tools hold few of.
use serde_json::{Value, json};

use super::parse_input;
use crate::{sample, to_json};

fn read(input: &Value) -> Value {
    to_json(&parse_input(&sample::message("test.Node"), input).unwrap())
}

fn faults(input: &Value) -> Vec<String> {
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
fn how_a_text_was_read_is_told() {
    let told = |input: &Value| super::tool_input(&sample::message("test.Node"), input).unwrap().warnings;
    let warnings = told(&json!({"tags": "a, b", "numbers": [1, 2], "mores": "yes"}));
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].code.as_str(), warnings[0].field.as_str()), ("INPUT_READ_AS", "tags"));
    assert!(warnings[0].message.starts_with("was read as 2 items: \"a\"; \"b\""), "{}", warnings[0].message);
    assert!(told(&json!({"tags": ["a, b"]})).is_empty());
}

#[test]
fn each_faulty_item_is_named() {
    assert_eq!(
        faults(&json!({"tags": ["fine", null, "toolong", {}], "numbers": "1,x,10"})),
        ["numbers[1]", "numbers[2]", "tags[1]", "tags[2]", "tags[3]"]
    );
    assert_eq!(
        faults(&json!({"children": [{"numbers": [10]}, 7, {"nme": "x"}]})),
        ["children[0].numbers[0]", "children[1]", "children[2].nme"]
    );
    assert_eq!(faults(&json!({"children": "a,b", "tags": true})), ["children", "tags"]);
}

#[test]
fn of_alternatives_one_is_given() {
    assert_eq!(read(&json!({"right": "2026-03-31", "left": null}))["right"], "2026-03-31");
    assert_eq!(faults(&json!({"left": "", "right": "2026-03-31"})), ["right"]);
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
        faults(&json!({"counts": {"a": "x"}, "anything": [], "blob": "%"})),
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
        faults(&json!({"counts": {"cookie": 1}, "anything": {"a": {"li_at": "x"}}, "extra": {"proxy": 1}})),
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
    assert_eq!(faults(&json!({ "child": deep })), [""]);
}
