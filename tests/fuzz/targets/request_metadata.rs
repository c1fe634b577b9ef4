//! What a caller writes into headers, and into the patterns of an API key.
#![no_main]
use std::time::Duration;

use granary_rpc::{deadline, identifier::Identifier, pattern};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (one, other) = input;
    if let Ok(identifier) = Identifier::parse(one) {
        let again = Identifier::from_header(identifier.to_header().as_bytes()).expect("our own header");
        assert_eq!(again, identifier, "another account");
    }
    if let Ok(identifier) = Identifier::from_header(one.as_bytes()) {
        assert!(Identifier::parse(identifier.as_str()).is_ok(), "an identifier that no body may name");
    }
    if let Some(time) = deadline::parse(one) {
        assert!(time <= Duration::from_secs(99_999_999 * 3_600), "longer than eight digits of hours");
    }
    let (one, other) = (&head(one), &head(other));
    assert_eq!(pattern::matches(one, other), fits(one.as_bytes(), other.as_bytes()), "{one:?} on {other:?}");
});

fn head(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The same by a table: whether so much of the pattern fits so much of the text.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        for t in 0..=text.len() {
            next[t] = if *p == b'*' {
                row[t] || (t > 0 && next[t - 1])
            } else {
                t > 0 && row[t - 1] && text[t - 1] == *p
            };
        }
        row = next;
    }
    row[text.len()]
}
