//! The API key of a request.
use http::HeaderMap;

use crate::metadata::name;
use crate::{Error, Reason};

/// Longest API key that is looked at, in bytes.
const MAX_KEY: usize = 512;

/// The key's text in `authorization: Bearer KEY`.
///
/// # Errors
/// `API_KEY_MISSING` where that does not stand exactly once, or is longer than any key.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let missing =
        || Error::new(Reason::ApiKeyMissing, "send the API key as `authorization: Bearer KEY`, exactly once");
    let mut values = headers.get_all(&name::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() || value.len() > MAX_KEY {
        return Err(missing());
    }
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, key) = text.split_once(' ').ok_or_else(missing)?;
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() {
        return Err(missing());
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_is_taken_only_as_one_well_formed_header() {
        let mut headers = HeaderMap::new();
        assert!(bearer(&headers).is_err());
        let long = format!("Bearer {}", "x".repeat(MAX_KEY));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "grn_x", &long] {
            headers.insert("authorization", HeaderValue::from_str(bad).unwrap());
            assert_eq!(bearer(&headers).unwrap_err().reason(), Reason::ApiKeyMissing, "{bad:?}");
        }
        headers.insert("authorization", HeaderValue::from_static("bearer abc"));
        assert_eq!(bearer(&headers).unwrap(), "abc");
        headers.append("authorization", HeaderValue::from_static("Bearer abc"));
        assert!(bearer(&headers).is_err());
    }
}
