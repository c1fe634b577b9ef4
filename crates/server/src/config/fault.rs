//! What is wrong with a value, in words for whoever set it. The value itself is not repeated where it is text: it may be a secret in
//! the wrong place.
use figment::error::{Actual, Kind};

/// Settings that had another name before the first release.
const RENAMED: [(&str, &str); 2] = [("door", "server"), ("edge_key_file", "peer_key_file")];

/// Says what must stand there instead.
pub(super) fn told(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("must be {}, is {}", wanted(expected), found(actual))
        }
        Kind::UnknownVariant(_, expected) => format!("must be {}", expected.join(" or ")),
        Kind::UnknownField(name, expected) => match RENAMED.iter().find(|(old, _)| old == name) {
            Some((_, new)) => format!("is called {new}"),
            None => format!("there is no {name}; there are {}", expected.join(", ")),
        },
        other => other.to_string(),
    }
}

/// What is expected, where Rust's word for it is no word for people.
fn wanted(expected: &str) -> &str {
    match expected {
        "u16" => "a whole number from 0 to 65,535",
        "u32" => "a whole number from 0 to 4,294,967,295",
        "u64" | "usize" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        "a string" | "path string" => "text",
        other => other,
    }
}

fn found(actual: &Actual) -> String {
    match actual {
        Actual::Unsigned(number) => number.to_string(),
        Actual::Signed(number) => number.to_string(),
        Actual::Float(number) => number.to_string(),
        Actual::Bool(value) => value.to_string(),
        Actual::Str(_) | Actual::Char(_) | Actual::Bytes(_) => "text".to_owned(),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_without_marks_and_values_are_not_repeated() {
        let variant = Kind::UnknownVariant("hush".into(), &["embedded", "vault"]);
        assert_eq!(told(&variant), "must be embedded or vault");
        let text = Kind::InvalidType(Actual::Str("hush".into()), "usize".into());
        assert_eq!(told(&text), "must be a whole number, 0 or more, is text");
        let renamed = Kind::UnknownField("edge_key_file".into(), &["address", "peer_key_file"]);
        assert_eq!(told(&renamed), "is called peer_key_file");
        let number = Kind::InvalidValue(Actual::Unsigned(70_000), "u16".into());
        assert_eq!(told(&number), "must be a whole number from 0 to 65,535, is 70000");
    }
}
