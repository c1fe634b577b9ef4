//! Where the pages on errors are published. A process says so once, before it serves; until then no error names a page, since a
//! path that no client can open helps nobody.
use std::sync::OnceLock;

use http::Uri;

/// Longest address, in bytes: it goes into the trailers of every failure.
const MAX_BYTES: usize = 256;

static PUBLISHED: OnceLock<DocsBase> = OnceLock::new();

/// The address under which the `docs` directory is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsBase(String);

impl DocsBase {
    /// Reads the setting.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = "must be the absolute http or https address of the docs directory, such as \
                      \"https://docs.example.com/granary\", without user, query or fragment";
        let uri: Uri = text.parse().map_err(|_| wanted.to_owned())?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        if !is_web || host.is_none() || text.contains(['?', '#']) {
            return Err(wanted.to_owned());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("must have at most {MAX_BYTES} bytes"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The page of a reason, by its name.
    fn page(&self, reason: &str) -> String {
        format!("{}/errors/{reason}.md", self.0)
    }
}

/// Says where the pages are, for the whole process; the first word stands.
pub fn publish(base: DocsBase) {
    // A second one would be of the same settings.
    let _ = PUBLISHED.set(base);
}

/// The page of a reason, where pages are published.
pub(crate) fn page(reason: &str) -> Option<String> {
    PUBLISHED.get().map(|base| base.page(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_lies_under_the_address_whether_or_not_that_ends_in_a_slash() {
        for text in ["https://docs.example.com/granary", "https://docs.example.com/granary/"] {
            let page = DocsBase::parse(text).unwrap().page("INVALID_INPUT");
            assert_eq!(page, "https://docs.example.com/granary/errors/INVALID_INPUT.md");
        }
        assert!(DocsBase::parse("http://127.0.0.1:8000").is_ok());
    }

    #[test]
    fn what_no_client_could_open_is_refused() {
        let long = format!("https://docs.example.com/{}", "a".repeat(MAX_BYTES));
        for text in [
            "",
            "docs",
            "/docs",
            "docs.example.com",
            "docs.example.com/granary",
            "ftp://docs.example.com",
            "file:///docs",
            "https://",
            "https:///docs",
            "https://user@docs.example.com",
            "https://docs.example.com/?page=",
            "https://docs.example.com/#errors",
            "https://docs.example.com/a b",
            &long,
        ] {
            assert!(DocsBase::parse(text).is_err(), "{text:?}");
        }
    }
}
