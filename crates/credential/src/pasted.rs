//! What people paste in the place of a credential: told by its form, and never repeated.
use granary_rpc::{Violation, unseen};

use crate::Credential;

/// Schemes of a proxy.
const PROXIES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
/// Schemes of authorization that are copied along with what stands after them.
const SCHEMES: [&str; 4] = ["bearer", "basic", "token", "apikey"];

impl Credential {
    /// Refuses a value that plainly is no credential, as it comes from people. What is stored is not held against this.
    ///
    /// # Errors
    /// A violation for each field, saying what its value is in place of the credential.
    pub fn pasted(self) -> Result<Self, Vec<Violation>> {
        let mut faults = Vec::new();
        let mut check = |field: &str, wrong: Option<&'static str>| {
            let fault = |text: &str| Violation { field: field.to_owned(), description: text.to_owned() };
            faults.extend(wrong.map(fault));
        };
        match &self {
            Self::HarvestapiKey { api_key } => check("harvestapi_key.api_key", wrong(api_key.expose())),
            Self::HarvestToken { access_token, .. } => {
                check("harvest_token.access_token", wrong(access_token.expose()));
            }
            Self::LinkedinSession { li_at, proxy, user_agent } => {
                check("linkedin_session.li_at", wrong(li_at.expose()));
                let proxy = proxy.as_ref().and_then(|proxy| wrong_proxy(proxy.expose()));
                check("linkedin_session.proxy", proxy);
                let agent = user_agent.as_deref().and_then(wrong_agent);
                check("linkedin_session.user_agent", agent);
            }
            Self::ApifyToken { token } => check("apify_token.token", wrong(token.expose())),
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }
}

/// What a key, a token or a cookie plainly is in place of itself.
pub(crate) fn wrong(value: &str) -> Option<&'static str> {
    form(value).or_else(|| named(value).then_some("begins with a name and \"=\": paste only what follows"))
}

fn wrong_proxy(value: &str) -> Option<&'static str> {
    // Asked first, since the literal of an address begins as JSON does.
    if is_proxy(value) {
        return None;
    }
    form(value).or(Some("must be a URL such as \"http://proxy.example:8080\", or HOST:PORT"))
}

fn wrong_agent(value: &str) -> Option<&'static str> {
    if value.trim().to_ascii_lowercase().starts_with("user-agent:") {
        return Some("begins with the name of the header: paste only what follows");
    }
    quoted(value.trim()).then_some("stands in quotes: paste only what is between them")
}

/// What any of them plainly is by its form.
fn form(value: &str) -> Option<&'static str> {
    let value = value.trim();
    if value.contains(['\n', '\r']) {
        Some("holds several lines: paste the value alone")
    } else if unseen::first(value).is_some() {
        Some("holds a character that cannot be seen: copy it again")
    } else if value.starts_with(['{', '[']) && !value.starts_with("{{") {
        Some("is JSON: paste the value alone")
    } else if quoted(value) {
        Some("stands in quotes: paste only what is between them")
    } else if placeholder(value) {
        Some("is the name of a variable, and not its value")
    } else if headed(value) {
        Some("begins with the name of a header or a scheme such as Bearer: paste only what follows")
    } else {
        None
    }
}

/// Whether it begins or ends with a quotation mark.
fn quoted(value: &str) -> bool {
    const QUOTES: [char; 9] = ['"', '\'', '`', '“', '”', '‘', '’', '«', '»'];
    value.starts_with(QUOTES) || value.ends_with(QUOTES)
}

/// Whether it is written as a variable of a shell, a template or a page is.
fn placeholder(value: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' '))
    };
    let between =
        |open: &str, close: &str| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let bare = value.strip_prefix('$').is_some_and(name);
    bare || [("${", "}"), ("{{", "}}"), ("<", ">"), ("%", "%"), ("$(", ")"), ("${{", "}}")]
        .iter()
        .any(|(open, close)| between(open, close).is_some_and(name))
}

/// Whether it begins as a header does: "Bearer …", "X-API-Key: …".
fn headed(value: &str) -> bool {
    let Some((first, rest)) = value.split_once([' ', '\t']) else { return false };
    let first = first.to_ascii_lowercase();
    !rest.trim().is_empty() && (first.ends_with(':') || SCHEMES.contains(&first.as_str()))
}

/// Whether it is "NAME=value". The "=" at the end of base64 belongs to the value.
fn named(value: &str) -> bool {
    let Some((name, rest)) = value.trim().split_once('=') else { return false };
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(sign);
    is_name && rest.contains(|c: char| c != '=')
}

/// Whether it is a URL of a proxy, or a host and a port.
fn is_proxy(value: &str) -> bool {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, value),
    };
    if scheme.as_deref().is_some_and(|scheme| !PROXIES.contains(&scheme)) {
        return false;
    }
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place).trim_end_matches('/');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let literal = host.starts_with('[') && host.ends_with(']');
    let sign = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') || (literal && b":[]%".contains(&b))
    };
    let port_right = port.map(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    !host.is_empty() && host.bytes().all(sign) && port_right.unwrap_or(scheme.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn told(value: &str) -> String {
        let credential = Credential::ApifyToken { token: Secret::new(value.to_owned()) };
        match credential.pasted() {
            Ok(_) => String::new(),
            Err(faults) => {
                assert!(faults.iter().all(|f| f.field == "apify_token.token"));
                faults.into_iter().map(|f| f.description).collect()
            }
        }
    }

    #[test]
    fn what_is_no_credential_is_told_by_its_form_and_not_repeated() {
        for (value, expected) in [
            ("\"apify_api_hush\"", "quotes"),
            ("'apify_api_hush", "quotes"),
            ("“hush”", "quotes"),
            ("APIFY_TOKEN=apify_api_hush", "name"),
            ("li_at=AQEDhush==", "name"),
            ("export TOKEN=hush", "name"),
            ("Bearer hush", "Bearer"),
            ("authorization: hush", "header"),
            ("X-API-Key: hush", "header"),
            ("${APIFY_TOKEN}", "variable"),
            ("$APIFY_TOKEN", "variable"),
            ("{{ apify.token }}", "variable"),
            ("${{ secrets.HUSH }}", "variable"),
            ("<your token>", "variable"),
            ("%APIFY_TOKEN%", "variable"),
            ("{\"access_token\":\"hush\"}", "JSON"),
            ("[{\"name\":\"li_at\",\"value\":\"hush\"}]", "JSON"),
            ("hush\nhush", "several lines"),
            ("hush\u{200b}hush", "cannot be seen"),
        ] {
            let told = told(value);
            assert!(told.contains(expected), "{value}: {told}");
            assert!(!told.contains("hush"), "{told}");
        }
        for value in
            ["apify_api_Ab12", "AQEDATxyz-_09", "123.pt.a-b_c", "dGVzdA==", "a$b%c", "eyJh.eyJi.c2ln"]
        {
            assert_eq!(told(value), "", "{value}");
        }
    }

    #[test]
    fn a_proxy_is_a_url_or_a_host_with_a_port() {
        for good in [
            "http://u:p@proxy:1",
            "http://user:canary-proxy-88@proxy.example:8080",
            "socks5h://proxy.example",
            "proxy.example:8080",
            "u:p@10.0.0.1:3128",
            "[::1]:3128",
            "http://[::1]",
            "https://u:p%40@proxy.example:8080/",
        ] {
            assert_eq!(wrong_proxy(good), None, "{good}");
        }
        for bad in [
            "proxy.example",
            "{\"name\":\"li_at\"}",
            "ftp://proxy.example",
            "10.0.0.1:3128:user:password",
            "http://",
            "proxy.example:0",
            "proxy.example:99999",
            "PROXY=http://proxy.example:1",
            "\"http://proxy.example:1\"",
            "${PROXY}",
        ] {
            assert!(wrong_proxy(bad).is_some(), "{bad}");
        }
        let session = Credential::LinkedinSession {
            li_at: Secret::new("li_at=x".into()),
            proxy: Some(Secret::new("nothing".into())),
            user_agent: Some("User-Agent: Mozilla/5.0".into()),
        };
        assert_eq!(session.pasted().unwrap_err().len(), 3);
    }
}
