//! The tenant's own name for an account: any UTF-8 of 1 to 256 bytes without control characters, compared byte for byte.
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Error, Reason, Violation};

/// Longest identifier, in bytes.
pub const MAX_BYTES: usize = 256;

/// What may stand in a header as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b'@').remove(b'~');

/// A valid identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(String);

impl Identifier {
    /// Checks an identifier from a request's body.
    ///
    /// # Errors
    /// A violation of the field `identifier`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Violation> {
        let text = text.into();
        let fault = if text.is_empty() {
            Some("must not be empty")
        } else if text.len() > MAX_BYTES {
            Some("must have at most 256 bytes")
        } else if text.chars().any(char::is_control) {
            Some("must not hold control characters")
        } else {
            None
        };
        match fault {
            Some(description) => {
                Err(Violation { field: "identifier".into(), description: description.into() })
            }
            None => Ok(Self(text)),
        }
    }

    /// Reads the value of `granary-account`.
    ///
    /// # Errors
    /// `ACCOUNT_HEADER_INVALID`, saying what is wrong.
    pub fn from_header(value: &[u8]) -> Result<Self, Error> {
        let fault = |text: &str| Error::new(Reason::AccountHeaderInvalid, format!("granary-account {text}"));
        let text = std::str::from_utf8(value).map_err(|_| fault("must be percent-encoded UTF-8"))?;
        let escapes = text.bytes().filter(|b| *b == b'%').count();
        if escapes != well_formed_escapes(text) {
            return Err(fault("holds a % that is not followed by two hexadecimal digits; write % as %25"));
        }
        let decoded =
            percent_decode_str(text).decode_utf8().map_err(|_| fault("must be percent-encoded UTF-8"))?;
        Self::parse(decoded).map_err(|v| fault(&v.description))
    }

    /// The value for `granary-account`.
    pub fn to_header(&self) -> String {
        utf8_percent_encode(&self.0, PLAIN).to_string()
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn well_formed_escapes(text: &str) -> usize {
    let bytes = text.as_bytes();
    bytes.windows(3).filter(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit()).count()
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_identifiers_survive_the_header() {
        let longest = "é".repeat(128);
        for text in ["user_ha_456", "../", "/", "%2e%2e", "a b", "ключ", "K", longest.as_str(), "100%"] {
            let identifier = Identifier::parse(text).unwrap();
            assert_eq!(Identifier::from_header(identifier.to_header().as_bytes()).unwrap(), identifier);
        }
    }

    #[test]
    fn bad_identifiers_are_refused() {
        let long = "x".repeat(257);
        for text in ["", "a\0b", "line\nbreak", "\u{85}", long.as_str()] {
            assert!(Identifier::parse(text).is_err(), "{text:?}");
        }
        for header in ["%", "%2", "%zz", "%00", "%ff", ""] {
            assert!(Identifier::from_header(header.as_bytes()).is_err(), "{header}");
        }
    }
}
