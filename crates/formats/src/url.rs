//! Absolute http and https URLs, read strictly: what readers of URLs disagree about is refused.

/// Whether a text is a URL: absolute, http or https, without a user.
pub(crate) fn is_absolute(text: &str) -> bool {
    if text.contains(is_odd) {
        return false;
    }
    let rest = without_scheme(text);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The URL's own user and password; one later in the path is none.
    rest.len() < text.len() && !authority.contains('@') && host_and_port(authority).is_some()
}

/// Whether no URL holds such a character as it is.
pub(crate) fn is_odd(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\\' | '<' | '>' | '"')
}

/// What follows the scheme, where that is http or https; the whole text where there is none.
pub(crate) fn without_scheme(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if ["https", "http"].iter().any(|s| scheme.eq_ignore_ascii_case(s)) => rest,
        _ => text,
    }
}

/// The host, and the port where one is named.
pub(crate) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
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
            assert!(is_absolute(good), "{good}");
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
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
