//! JSON text of a caller: syntax, depth, and keys that are given twice.
use std::collections::HashSet;

use serde_json::Value;

use crate::violations::{item, join, key};

/// Most doubled keys that are told.
const MAX_TOLD: usize = 16;

/// Reads the text, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| match e.classify() {
        // The reader's own bound on recursion is the only limit it has.
        serde_json::error::Category::Syntax if e.to_string().starts_with("recursion limit") => {
            super::too_deep()
        }
        _ => format!("is not JSON: {e}"),
    })
}

/// The paths of keys that occur twice in one object, in a text that is known to be JSON.
pub(super) fn duplicates(text: &str) -> Vec<String> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, found: Vec::new() };
    scan.value("");
    scan.found
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    found: Vec<String>,
}

impl Scan<'_> {
    /// Reads one value; the parser that accepted the text before has bounded its depth.
    fn value(&mut self, path: &str) {
        match self.peek() {
            Some(b'{') => self.object(path),
            Some(b'[') => self.array(path),
            Some(b'"') => self.pass_string(),
            _ => {
                while !matches!(self.bytes.get(self.at), None | Some(b',' | b']' | b'}')) {
                    self.at += 1;
                }
            }
        }
    }

    fn object(&mut self, path: &str) {
        let mut seen = HashSet::new();
        self.at += 1;
        while self.peek() == Some(b'"') {
            let name = self.string();
            let at = join(path, &key(&name));
            if !seen.insert(name) && self.found.len() < MAX_TOLD {
                self.found.push(at.clone());
            }
            self.skip(b':');
            self.value(&at);
            self.skip(b',');
        }
        self.skip(b'}');
    }

    fn array(&mut self, path: &str) {
        self.at += 1;
        let mut index = 0;
        while !matches!(self.peek(), None | Some(b']')) {
            self.value(&item(path, index));
            self.skip(b',');
            index += 1;
        }
        self.skip(b']');
    }

    /// The text of a string, with its escapes resolved.
    fn string(&mut self) -> String {
        let start = self.at;
        self.pass_string();
        let quoted = self.bytes.get(start..self.at).unwrap_or_default();
        serde_json::from_slice(quoted).unwrap_or_default()
    }

    fn pass_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
    }

    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keys_are_found_wherever_they_are() {
        let text = r#" {"a": [1, {"b": "}\"{", "b": null}], "c": {}, "\u0061": [[], "x"], "d": {"a": 1}} "#;
        assert!(parse(text).is_ok());
        assert_eq!(duplicates(text), ["a[1].b", "a"]);
        assert!(duplicates("[1, 2.5e3, true , \"a\"]").is_empty());
    }
}
