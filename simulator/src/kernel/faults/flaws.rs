//! Bytes that no JSON should have, and that producers of JSON send all the same.

use serde_json::{Value, json};

use super::mangle;
use crate::kernel::reply::Reply;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A text that was cut within a pair of surrogates, as producers with 16-bit characters cut it.
    LoneSurrogate,
    /// Bytes within a text that are no UTF-8.
    InvalidUtf8,
    /// `NaN` in the place of a number.
    Nan,
    /// A byte order mark before everything.
    Bom,
}

/// Fields of free text, which an answer keeps its shape with.
pub(super) const TEXTS: [&str; 10] = [
    "notes",
    "headline",
    "about",
    "message",
    "error_description",
    "description",
    "name",
    "first_name",
    "content",
    "error",
];
/// Numbers that the services tell, those of a row before those of its list.
const NUMBERS: [&str; 9] = [
    "hours",
    "weekly_capacity",
    "connectionsCount",
    "followerCount",
    "employeeCount",
    "usageTotalUsd",
    "totalElements",
    "totalPages",
    "total_entries",
];
/// Stand for a flaw until the answer is written out, since no writer of JSON writes one.
const SURROGATE: &str = "__sandbox_surrogate__";
const BYTES: &str = "__sandbox_bytes__";
const NAN: &str = "__sandbox_nan__";
const BOM: &[u8] = b"\xef\xbb\xbf";

impl Flaw {
    pub(super) const WORDS: [(&'static str, Self); 4] = [
        ("lone_surrogate", Self::LoneSurrogate),
        ("invalid_utf8", Self::InvalidUtf8),
        ("nan", Self::Nan),
        ("bom", Self::Bom),
    ];

    /// Marks the first place for it: in the field of that name, or in one that the services are known to have.
    fn mark(self, field: Option<&str>, value: &mut Value) {
        let (known, mark): (&[&str], _) = match self {
            Self::LoneSurrogate => (&TEXTS, SURROGATE),
            Self::InvalidUtf8 => (&TEXTS, BYTES),
            Self::Nan => (&NUMBERS, NAN),
            Self::Bom => return,
        };
        let names = field.as_slice();
        let names = if names.is_empty() { known } else { names };
        if self == Self::Nan {
            let mut spoil = |number: &mut Value| *number = json!(mark);
            names.iter().any(|name| mangle::first(value, &[*name], Value::is_number, &mut spoil));
        } else {
            mangle::append(value, names, mark);
        }
    }
}

/// Writes the flaws into an answer of JSON; one without a place for them stays as it is.
pub(super) fn spoil(flaws: &[Flaw], field: Option<&str>, reply: &mut Reply) {
    mangle::json(reply, |value| flaws.iter().for_each(|flaw| flaw.mark(field, value)));
    let text = String::from_utf8_lossy(&reply.body);
    let text = text.replace(SURROGATE, "\\ud83d").replace(&format!("\"{NAN}\""), "NaN");
    let mut body = if flaws.contains(&Flaw::Bom) { BOM.to_vec() } else { Vec::new() };
    for (at, part) in text.split(BYTES).enumerate() {
        if at > 0 {
            body.extend_from_slice(b"\xc3\x28\xff");
        }
        body.extend_from_slice(part.as_bytes());
    }
    reply.body = body.into();
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn spoilt(flaws: &[Flaw], field: Option<&str>) -> Vec<u8> {
        let mut reply =
            Reply::json(StatusCode::OK, &json!({"id": 1, "notes": "a", "other": "b", "hours": 1.5}));
        spoil(flaws, field, &mut reply);
        reply.body.to_vec()
    }

    #[test]
    fn flaws_compose_and_find_their_field() {
        let all = [Flaw::Bom, Flaw::Nan, Flaw::LoneSurrogate, Flaw::InvalidUtf8];
        let expected =
            b"\xef\xbb\xbf{\"id\":1,\"notes\":\"a \\ud83d \xc3\x28\xff\",\"other\":\"b\",\"hours\":NaN}";
        assert_eq!(spoilt(&all, None), expected);
        let other = br#"{"id":1,"notes":"a","other":"b \ud83d","hours":1.5}"#;
        assert_eq!(spoilt(&[Flaw::LoneSurrogate], Some("other")), other);
        assert_eq!(spoilt(&[Flaw::Nan], Some("id")), br#"{"id":NaN,"notes":"a","other":"b","hours":1.5}"#);
        let whole = br#"{"id":1,"notes":"a","other":"b","hours":1.5}"#;
        assert_eq!(spoilt(&[Flaw::LoneSurrogate], Some("nothing")), whole);
    }
}
