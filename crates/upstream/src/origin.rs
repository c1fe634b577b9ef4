//! Where calls may go: one origin, and paths below the configured one.
use std::fmt;

use granary_rpc::loopback::is_this_machine;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;

use crate::config::{BuildError, Config};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The configured base URL, with the promise that no request leaves its origin.
#[derive(Clone)]
pub(crate) struct Origin {
    base: Url,
    text: String,
}

impl Origin {
    pub(crate) fn parse(api: &'static str, config: &Config) -> Result<Self, BuildError> {
        let fault = |fault| BuildError::BaseUrl { api, fault };
        if config.base_url.is_empty() {
            return Err(fault("is not set"));
        }
        let base = Url::parse(&config.base_url).map_err(|_| fault("is not an absolute URL"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(fault("must begin with https:// or http://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(fault("must not hold a user or a password"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(fault("must not hold a query or a fragment"));
        }
        if base.scheme() == "http"
            && !base.host_str().is_some_and(is_this_machine)
            && !config.insecure_transport
        {
            return Err(fault("must be https, unless the host is this machine or insecure_transport is set"));
        }
        let text = base.origin().ascii_serialization();
        Ok(Self { base, text })
    }

    /// Scheme, host and port.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether an absolute URL lies on the same origin. Relative ones do not count, and neither do ones with a user.
    pub(crate) fn accepts(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| {
            url.origin() == self.base.origin() && url.username().is_empty() && url.password().is_none()
        })
    }

    /// The URL of a call, or nothing where the path could lead elsewhere.
    pub(crate) fn url<'a>(&self, path: &str, query: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Url> {
        if !path.starts_with('/') || path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
            return None;
        }
        if path.split('/').any(is_dots) {
            return None;
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let query: Vec<String> = query.map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        if !query.is_empty() {
            url.set_query(Some(&query.join("&")));
        }
        (url.origin() == self.base.origin()).then_some(url)
    }
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Whether a path segment would be resolved away; URL parsers decode `%2e` for that purpose.
pub(crate) fn is_dots(segment: &str) -> bool {
    let decoded = percent_decode_str(segment).collect::<Vec<u8>>();
    decoded == b"." || decoded == b".."
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(base_url: &str) -> Result<Origin, BuildError> {
        Origin::parse("test", &Config { base_url: base_url.to_owned(), ..Config::default() })
    }

    #[test]
    fn unusable_base_urls_are_refused_without_being_repeated() {
        for bad in [
            "",
            "api.example.com",
            "ftp://api.example.com",
            "https://user:canary@api.example.com",
            "https://api.example.com/?canary=1",
            "http://api.example.com",
            "http://127.0.0.1.example.com",
        ] {
            let error = origin(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{bad}");
        }
        for good in
            ["https://api.example.com/v2/", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"]
        {
            assert!(origin(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn only_links_of_the_same_origin_are_accepted() {
        let origin = origin("https://api.example.com/v2").unwrap();
        for good in ["https://api.example.com/x?page=2", "https://API.example.com:443/y"] {
            assert!(origin.accepts(good), "{good}");
        }
        for bad in [
            "/x",
            "//api.example.com/x",
            "http://api.example.com/x",
            "https://api.example.com:444/x",
            "https://api.example.com.evil.test/x",
            "https://api.example.com@evil.test/x",
            "https://u:p@api.example.com/x",
            "data:text/plain,x",
        ] {
            assert!(!origin.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn paths_stay_below_the_base_and_queries_are_encoded() {
        let origin = origin("https://api.example.com/base/").unwrap();
        let url = origin.url("/a/b%2Fc", [("q", "ä &=,+")].into_iter()).unwrap();
        assert_eq!(url.as_str(), "https://api.example.com/base/a/b%2Fc?q=%C3%A4%20%26%3D%2C%2B");
        for bad in ["a", "/../x", "/a/%2e%2E/x", "/a/./b", "/a?b", "/a#b", "/a\\..\\b", "/a\nb", "/.%2e"] {
            assert!(origin.url(bad, std::iter::empty()).is_none(), "{bad}");
        }
        assert_eq!(
            origin.url("//evil.test/x", std::iter::empty()).unwrap().host_str(),
            Some("api.example.com")
        );
    }
}
