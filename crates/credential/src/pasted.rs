//! What people paste in the place of a credential: told by its form, and never repeated.
#[cfg(test)]
mod tests;

use granary_rpc::{Violation, unseen};

use crate::Credential;

/// Schemes of a proxy.
const PROXIES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
/// Schemes of authorization that are copied along with what stands after them.
const SCHEMES: [&str; 4] = ["bearer", "basic", "token", "apikey"];

/// Headers that are copied along, a blank after the colon or none.
const HEADERS: [&str; 7] =
    ["authorization", "bearer", "cookie", "x-api-key", "api-key", "li_at", "harvest-account-id"];

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
            Self::HarvestapiKey { api_key } => {
                let other = || anothers(api_key.expose(), "apify_api_", "is a token of Apify's");
                check("harvestapi_key.api_key", wrong(api_key.expose()).or_else(other));
            }
            Self::HarvestToken { access_token, .. } => {
                check("harvest_token.access_token", wrong(access_token.expose()));
            }
            Self::LinkedinSession { li_at, proxy, user_agent } => {
                let other = || anothers(li_at.expose(), "ajax:", "is the cookie JSESSIONID, and not li_at");
                check("linkedin_session.li_at", wrong(li_at.expose()).or_else(other));
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

/// What a value is that has the beginning of another credential.
fn anothers(value: &str, begins: &str, what: &'static str) -> Option<&'static str> {
    value.trim().starts_with(begins).then_some(what)
}

/// What a key, a token or a cookie plainly is in place of itself.
pub(crate) fn wrong(value: &str) -> Option<&'static str> {
    const NAMED: &str = "begins with a name and \"=\": paste only what follows";
    // A header of several cookies may end in the quotes of another one.
    if value.contains(';') && named(value) {
        return Some(NAMED);
    }
    form(value).or_else(|| named(value).then_some(NAMED))
}

fn wrong_proxy(value: &str) -> Option<&'static str> {
    // Asked first, since the literal of an address begins as JSON does.
    if is_proxy(value) {
        return None;
    }
    const WANTED: &str = "must be a URL such as \"http://proxy.example:8080\", or HOST:PORT";
    let is_url = value.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
    let form = form(value).filter(|_| !is_url);
    form.or(Some(WANTED))
}

fn is_scheme(text: &str) -> bool {
    PROXIES.contains(&text.to_ascii_lowercase().as_str())
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
    } else if is_nothing(value) {
        Some("is how a program or a page writes a missing or hidden value")
    } else if value.starts_with(['{', '[']) && !value.starts_with("{{") {
        Some("is JSON: paste the value alone")
    } else if quoted(value) {
        Some("stands in quotes: paste only what is between them")
    } else if value.contains("://") {
        Some("is an address: paste the value alone")
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

/// Whether it is a word for nothing, or a value that somebody's page has hidden.
fn is_nothing(value: &str) -> bool {
    const WORDS: [&str; 8] = ["null", "undefined", "none", "nil", "nan", "n/a", "[object object]", "todo"];
    const FILLERS: [&str; 6] =
        ["changeme", "change_me", "change-me", "replaceme", "replace_me", "replace-me"];
    let hides = |c: char| matches!(c, '*' | '•' | '·' | '●' | '…' | '.' | '-' | '_' | 'x' | 'X');
    let lower = value.to_lowercase();
    WORDS.contains(&lower.as_str())
        || FILLERS.contains(&lower.as_str())
        || value.ends_with("...")
        || value.len() > 3 && value.chars().all(hides)
        || value.contains(['*', '•', '●', '…'])
}

/// Whether it is written as a variable of a shell, a template, a page or a manual is.
fn placeholder(value: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' '))
    };
    let between =
        |open: &str, close: &str| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let bare = value.strip_prefix('$').is_some_and(name);
    let upper = value.to_ascii_uppercase();
    let word = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | ' ');
    let asks = upper.chars().all(word)
        && (upper.starts_with("YOUR_")
            || upper.starts_with("YOUR-")
            || upper.starts_with("YOUR ")
            || upper.ends_with("_HERE")
            || upper.ends_with("-HERE")
            || upper.ends_with(" HERE"));
    // As programs read a variable, and as variables are called.
    let read = ["process.env", "os.environ", "env.", "$env:"].iter().any(|way| value.starts_with(way));
    let called = value.contains('_') && value.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    bare || asks
        || read
        || called
        || value.starts_with('?')
        || [("${", "}"), ("{{", "}}"), ("<", ">"), ("%", "%"), ("$(", ")"), ("${{", "}}")]
            .iter()
            .any(|(open, close)| between(open, close).is_some_and(name))
}

/// Whether it begins as a header does: "Bearer …", "X-API-Key: …".
fn headed(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if lower.split_once(':').is_some_and(|(name, _)| HEADERS.contains(&name.trim())) {
        return true;
    }
    let Some((first, rest)) = lower.split_once([' ', '\t']) else { return false };
    !rest.trim().is_empty() && (first.ends_with(':') || SCHEMES.contains(&first))
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
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, value),
    };
    if scheme.is_some_and(|scheme| !is_scheme(scheme)) {
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
