//! Amounts and messages that an upstream writes as text.
#![no_main]
use granary_formats::money;
use granary_upstream::{failure, failure_of_write, status};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &str)| {
    let (code, text) = input;
    if let Some(micros) = money::micros(text) {
        let (sign, size) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
        let exact = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        assert_eq!(money::micros(&exact), Some(micros), "{exact} is another amount");
    }
    let line = status::tidy(text);
    assert!(line.len() <= 500 && !line.chars().any(char::is_control), "not one short line: {line:?}");
    for error in
        [failure(code, "upstream", Some(text), None), failure_of_write(code, "upstream", Some(text), None)]
    {
        assert!(error.into_status().details().len() < 4_096, "a status that no header can hold");
    }
});
