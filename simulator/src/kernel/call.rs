//! A call as it arrived, and every credential that it carried.

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue, PROXY_AUTHORIZATION};
use http::{HeaderMap, Method, request};
use percent_encoding::percent_decode_str;

/// A call whose body has been read. Any vendor's credentials are seen in it, also those of another vendor.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) raw_query: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) credentials: Vec<Arrived>,
    /// Origin that links in lists point to; a fault may bend it.
    pub(crate) origin: String,
    /// Rows that a dataset shows of itself; a fault may hide the others.
    pub(crate) rows: Option<usize>,
}

/// A credential value that a call carried.
pub(crate) struct Arrived {
    pub(crate) value: String,
    /// An account id belongs to a credential but is nothing to hide.
    pub(crate) secret: bool,
}

impl Call {
    pub(crate) fn new(parts: request::Parts, origin: &str) -> Self {
        let raw_query = parts.uri.query().map(str::to_owned);
        let query = raw_query.as_deref().map(parse_form).unwrap_or_default();
        let credentials = arrived(&parts.headers, &query);
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            raw_query,
            query,
            headers: parts.headers,
            body: Bytes::new(),
            credentials,
            origin: origin.to_owned(),
            rows: None,
        }
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        bearer(self.headers.get(AUTHORIZATION)?)
    }

    /// Path and query as they stood in the request line.
    pub(crate) fn target(&self) -> String {
        match &self.raw_query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// Pairs of a query string or a form body, decoded.
pub(crate) fn parse_form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn arrived(headers: &HeaderMap, query: &[(String, String)]) -> Vec<Arrived> {
    let mut found: Vec<Arrived> = Vec::new();
    let mut add = |value: &str, secret: bool| {
        if !value.is_empty() && !found.iter().any(|known| known.value == value) {
            found.push(Arrived { value: value.to_owned(), secret });
        }
    };
    for value in headers.get_all(AUTHORIZATION).iter().chain(headers.get_all(PROXY_AUTHORIZATION)) {
        let text = String::from_utf8_lossy(value.as_bytes());
        add(bearer(value).unwrap_or(&text), true);
        // Basic authentication hides its value; the journal must not be blind to it.
        if let Some(plain) =
            text.split_once(' ').and_then(|(_, rest)| base64::prelude::BASE64_STANDARD.decode(rest).ok())
            && text.to_ascii_lowercase().starts_with("basic ")
        {
            add(&String::from_utf8_lossy(&plain), true);
        }
    }
    for (name, secret) in [("harvest-account-id", false), ("x-api-key", true)] {
        for value in headers.get_all(name) {
            add(&String::from_utf8_lossy(value.as_bytes()), secret);
        }
    }
    for value in headers.get_all(COOKIE) {
        add(&String::from_utf8_lossy(value.as_bytes()), true);
    }
    for (key, value) in query {
        match key.as_str() {
            "cookie" | "proxy" | "token" | "access_token" => add(value, true),
            "account_id" => add(value, false),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_for_a_credential_is_seen_once() {
        let request = http::Request::get(
            "/linkedin/x?cookie=a%2Bb&proxy=p%3A%2F%2Fu&token=t&cookie=a%2Bb&account_id=9",
        )
        .header("authorization", "Bearer tok")
        .header("x-api-key", "key")
        .header("harvest-account-id", "9")
        .body(())
        .unwrap();
        let call = Call::new(request.into_parts().0, "http://o");
        let values: Vec<_> = call.credentials.iter().map(|c| c.value.as_str()).collect();
        assert_eq!(values, ["tok", "9", "key", "a+b", "p://u", "t"]);
    }
}
