//! The input of a call as it was written, from an argument, a pipe or a file.
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::exit::Failure;

/// Longest input, in bytes; the gateway takes no more either.
const MAX_INPUT: u64 = 4 << 20;

/// Reads the input, so that no digit is lost, once it is known to be an object. "-" is stdin.
pub(super) fn read(argument: &str, file: Option<&Path>) -> Result<String, Failure> {
    let cannot = |from: &str, e: std::io::Error| {
        Failure::configuration(format!("cannot read the input from {from}: {e}"))
    };
    match file {
        Some(path) => {
            let name = path.display().to_string();
            checked(bounded(File::open(path).map_err(|e| cannot(&name, e))?).map_err(|e| cannot(&name, e))?)
        }
        None if argument == "-" => checked(bounded(std::io::stdin().lock()).map_err(|e| cannot("stdin", e))?),
        None => checked(argument.to_owned()),
    }
}

fn checked(text: String) -> Result<String, Failure> {
    if text.len() as u64 > MAX_INPUT {
        return Err(Failure::invalid("tool_input_json", "must have at most 4 MiB"));
    }
    match serde_json::from_str::<Map<String, Value>>(&text) {
        Ok(_) => Ok(text),
        Err(e) => Err(Failure::invalid("tool_input_json", format!("must be a JSON object: {}", place(&e)))),
    }
}

/// What is wrong and where, without a word of the input itself.
fn place(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "something else stands there" } else { "it cannot be read" };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

fn bounded(source: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    source.take(MAX_INPUT + 1).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_is_no_object_is_refused_before_it_is_sent() {
        for text in ["", "[1]", "{", "\"hush\"", "{} x"] {
            let failure = read(text, None).unwrap_err();
            assert_eq!(failure.code(), 4);
            assert!(!failure.text().contains("hush"));
        }
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(4 << 20));
        assert!(read(&long, None).unwrap_err().text().contains("at most 4 MiB"));
    }

    #[test]
    fn a_file_is_read_and_a_missing_one_is_named() {
        let path = std::env::temp_dir().join(format!("granary-input-{}", std::process::id()));
        std::fs::write(&path, "{\"hours\": 1.50}").unwrap();
        assert_eq!(read("{}", Some(&path)).unwrap(), "{\"hours\": 1.50}");
        std::fs::remove_file(&path).unwrap();
        let failure = read("{}", Some(&path)).unwrap_err();
        assert!(failure.code() == 3 && failure.text().contains("granary-input-"), "{}", failure.text());
    }
}
