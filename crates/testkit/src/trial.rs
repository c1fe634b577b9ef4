//! Tries values in fields, one at a time. A call is taken and says what was meant, or it is refused.
use std::sync::Mutex;

use granary_convert::{json_to_struct, struct_to_json};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// What became of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The service took it, and said what it was understood as.
    Taken,
    /// The service refused it, and nothing was sent.
    Refused,
}

/// Tries so many values, half of them as a structure brings them, each in one of the fields, which `try_one` knows by their
/// places. It says how the call ended, and what is wrong with that.
pub fn try_values(
    count: u32,
    values: Vec<BoxedStrategy<Value>>,
    try_one: impl Fn(usize, Value) -> (Ended, Option<String>),
) {
    let all = Mutex::new(Vec::new());
    let cases = (0..values.len()).prop_flat_map(move |at| {
        (Just(at), values[at].clone(), any::<bool>()).prop_map(|(at, value, as_structure)| {
            (at, if as_structure { through_struct(&value) } else { value })
        })
    });
    let config =
        Config { cases: count, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let tried = TestRunner::new(config).run(&cases, |(at, value)| {
        let (ended, wrong) = try_one(at, value);
        all.lock().unwrap().push(ended);
        wrong.map_or(Ok(()), |wrong| Err(TestCaseError::fail(wrong)))
    });
    tried.unwrap_or_else(|e| panic!("{e}"));
    let all = all.into_inner().unwrap();
    let (taken, refused): (Vec<Ended>, Vec<Ended>) =
        all.into_iter().partition(|ended| *ended == Ended::Taken);
    let (taken, refused) = (taken.len(), refused.len());
    let least = count as usize / 6;
    assert!(taken > least && refused > least, "{taken} taken, {refused} refused");
}

/// A value as it arrives in a structure, whose numbers are doubles.
fn through_struct(value: &Value) -> Value {
    let Value::Object(mut members) = struct_to_json(json_to_struct(&json!({"value": value}))) else {
        unreachable!("a structure is an object")
    };
    members.remove("value").unwrap_or_default()
}
