//! The tenant's own name for an account: UTF-8 of 1 to 256 bytes, compared byte for byte, in which everything can be seen.
use std::fmt;

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::absent::is_absent;
use crate::metadata::name;
use crate::{Error, Reason, Violation, unseen};

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
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            return Err(fault("must not begin or end with a blank"));
        }
        if is_absent(&text) {
            return Err(fault("must not be what a program writes for nothing"));
        }
        match unseen::first(&text) {
            Some(name) => Err(fault(&format!("must not hold {name}, which cannot be seen"))),
            None => Self::stored(text),
        }
    }

    /// Checks an identifier by which an account may have been created before blanks at its ends, characters that
    /// cannot be seen and words for nothing were refused: such an account can still be read and deleted.
    ///
    /// # Errors
    /// A violation of the field `identifier`.
    pub fn stored(text: impl Into<String>) -> Result<Self, Violation> {
        let text = text.into();
        if text.is_empty() {
            Err(fault("must not be empty"))
        } else if text.len() > MAX_BYTES {
            Err(fault("must have at most 256 bytes"))
        } else if text.chars().any(char::is_control) {
            Err(fault("must not hold control characters"))
        } else {
            Ok(Self(text))
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

    /// The account that a call's headers name, if they name one.
    ///
    /// # Errors
    /// `ACCOUNT_HEADER_INVALID`, where `granary-account` stands more than once, or cannot be read.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut values = headers.get_all(&name::ACCOUNT).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Self::from_header(value.as_bytes()).map(Some),
            (Some(_), Some(_)) => {
                Err(Error::new(Reason::AccountHeaderInvalid, "granary-account must stand exactly once"))
            }
        }
    }

    /// Refuses headers that name another account than this one, which the request names. Acting for either could be acting for
    /// the wrong user.
    ///
    /// # Errors
    /// `ACCOUNT_HEADER_INVALID`.
    pub fn must_be_in(&self, headers: &HeaderMap) -> Result<(), Error> {
        if Self::in_headers(headers)?.is_none_or(|named| named == *self) {
            return Ok(());
        }
        let text = "granary-account and the request's identifier name different accounts; send the identifier \
                    alone, or the same account in both";
        Err(Error::new(Reason::AccountHeaderInvalid, text))
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

fn fault(description: &str) -> Violation {
    Violation { field: "identifier".into(), description: description.into() }
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
        for header in ["%", "%2", "%zz", "%00", "%ff", "", "%20a", "a%E2%80%8B"] {
            assert!(Identifier::from_header(header.as_bytes()).is_err(), "{header}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused_by_name_and_still_found_where_it_was_stored() {
        for (text, told) in [
            ("rtl\u{202e}abc", "U+202E"),
            ("user\u{200b}", "U+200B"),
            ("\u{feff}user", "U+FEFF"),
            (" user", "blank"),
            ("undefined", "nothing"),
            ("[object Object]", "nothing"),
            ("user\u{a0}", "blank"),
            ("user\t", "blank"),
        ] {
            assert!(Identifier::parse(text).unwrap_err().description.contains(told), "{text:?}");
            assert_eq!(Identifier::stored(text).is_ok(), !text.contains('\t'), "{text:?}");
        }
    }

    #[test]
    fn headers_and_a_request_name_one_account() {
        let headers = |accounts: &[&str]| {
            let named = accounts.iter().map(|text| (name::ACCOUNT.clone(), text.parse().unwrap()));
            HeaderMap::from_iter(named)
        };
        let identifier = Identifier::parse("a b").unwrap();
        for agreeing in [&[][..], &["a%20b"], &["%61%20b"]] {
            assert!(identifier.must_be_in(&headers(agreeing)).is_ok(), "{agreeing:?}");
        }
        for other in [&["a"][..], &["A%20b"], &["a%20b", "a%20b"], &["%zz"]] {
            let error = identifier.must_be_in(&headers(other)).unwrap_err();
            assert_eq!(error.reason(), Reason::AccountHeaderInvalid, "{other:?}");
        }
    }
}
