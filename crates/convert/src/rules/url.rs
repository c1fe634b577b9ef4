//! Absolute http and https URLs, read strictly: what readers of URLs disagree about is refused.
use super::format::slug;

/// The parts of a URL that matter here.
pub(super) struct Url<'a> {
    https: bool,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
}

/// Reads a URL; none where it is not absolute, not http, or carries a user.
pub(super) fn parse(text: &str) -> Option<Url<'_>> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '<' | '>' | '"')) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let https = scheme.eq_ignore_ascii_case("https");
    if !https && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    // The URL's own user and password; one later in the path is none.
    if authority.contains('@') {
        return None;
    }
    let (host, port) = host_and_port(authority)?;
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    Some(Url { https, host, port, path })
}

/// Whether it is the LinkedIn URL of a person.
pub(super) fn is_profile(text: &str) -> bool {
    let Some(url) = parse(text) else { return false };
    let person = url.path.strip_prefix("/in/").and_then(|rest| rest.split('/').next());
    url.is_linkedin() && person.is_some_and(slug)
}

/// Whether it is a LinkedIn URL with something after one of these beginnings of a path.
pub(super) fn is_linkedin(text: &str, paths: &[&str]) -> bool {
    let Some(url) = parse(text) else { return false };
    let mut rests = paths.iter().filter_map(|path| url.path.strip_prefix(path));
    url.is_linkedin() && rests.any(|rest| !rest.trim_matches('/').is_empty())
}

impl Url<'_> {
    fn is_linkedin(&self) -> bool {
        let host = self.host.to_ascii_lowercase();
        let linkedin = host == "linkedin.com" || host.ends_with(".linkedin.com");
        self.https && linkedin && self.port.is_none_or(|p| p == 443)
    }
}

fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(literal) = authority.strip_prefix('[') {
        let (address, rest) = literal.split_once(']')?;
        address.parse::<std::net::Ipv6Addr>().ok()?;
        let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?.parse().ok()?) };
        return Some((address, port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port.parse().ok()?)),
        Some(_) => return None,
        None => (authority, None),
    };
    let label = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let named = host.strip_suffix('.').unwrap_or(host).split('.').all(label);
    (named && host.len() <= 253).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_absolute_and_carry_no_user() {
        for good in [
            "https://example.com",
            "HTTP://example.com:8080/a?b=c#d",
            "https://www.linkedin.com/company/acme/",
            "https://example.com/@jane",
            "http://[::1]:80/",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "//example.com",
            "ftp://example.com",
            "https://",
            "https:///a",
            "https://user:password@example.com",
            "https://jane@example.com",
            "https://exa mple.com",
            "https://example.com\\@evil.com",
            "https://example.com:99999",
            "https://example.com:",
            "https://a..b",
            "javascript:alert(1)",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_people_have_profile_urls() {
        for good in [
            "https://www.linkedin.com/in/jane-doe",
            "https://linkedin.com/in/jane-doe/",
            "https://de.linkedin.com/in/j%C3%BCrgen?trk=people#about",
            "https://www.LinkedIn.com/in/ACoAAA/en",
        ] {
            assert!(is_profile(good), "{good}");
        }
        for bad in [
            "http://www.linkedin.com/in/jane-doe",
            "https://www.linkedin.com/company/acme",
            "https://www.linkedin.com/in/",
            "https://www.linkedin.com/in//x",
            "https://www.linkedin.com/in/..",
            "https://linkedin.com.evil.example/in/jane",
            "https://notlinkedin.com/in/jane",
            "https://www.linkedin.com:8443/in/jane",
            "https://www.linkedin.com/x?/in/jane",
            "www.linkedin.com/in/jane",
        ] {
            assert!(!is_profile(bad), "{bad}");
        }
    }
}
