//! What a call is allowed with: secrets for headers and the query, and everything that must not come back.
use std::fmt;

use granary_credential::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

/// What a call is allowed with.
#[derive(Clone, Default)]
pub struct Auth<'a> {
    /// Headers that carry a secret. They are marked sensitive: hidden from `Debug`, never in a compression table.
    pub headers: Vec<(HeaderName, &'a Secret, Prefix)>,
    /// Headers that carry none, such as the number of an account.
    pub plain_headers: Vec<(HeaderName, String)>,
    /// Secrets that the upstream wants in the query string.
    pub query: Vec<(&'static str, &'a Secret)>,
    /// Everything granted to the call, sent or not; masked in the answer along with what is sent.
    pub secrets: Vec<&'a Secret>,
}

/// What stands before a secret in its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefix {
    /// Nothing.
    #[default]
    None,
    /// "Bearer ".
    Bearer,
}

impl<'a> Auth<'a> {
    /// Nothing sent yet; `secrets` is everything granted to the call.
    pub fn new(secrets: Vec<&'a Secret>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Sends a secret as `authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, secret: &'a Secret) -> Self {
        self.headers.push((AUTHORIZATION, secret, Prefix::Bearer));
        self
    }

    /// Sends a secret as a header of its own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, secret: &'a Secret) -> Self {
        self.headers.push((name, secret, Prefix::None));
        self
    }

    /// Sends a header that is no secret.
    #[must_use]
    pub fn plain(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.plain_headers.push((name, value.into()));
        self
    }

    /// Sends a secret in the query string.
    #[must_use]
    pub fn in_query(mut self, name: &'static str, secret: &'a Secret) -> Self {
        self.query.push((name, secret));
        self
    }

    /// Everything to mask, granted or sent.
    pub(crate) fn all_secrets(&self) -> Vec<&'a Secret> {
        let sent = self.headers.iter().map(|(_, secret, _)| *secret);
        let sent = sent.chain(self.query.iter().map(|(_, secret)| *secret));
        self.secrets.iter().copied().chain(sent).collect()
    }

    /// Puts the headers into a request; nothing where a value cannot stand in a header.
    pub(crate) fn write(&self, headers: &mut HeaderMap) -> Option<()> {
        for (name, value) in &self.plain_headers {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
        for (name, secret, prefix) in &self.headers {
            let mut value = match prefix {
                Prefix::None => HeaderValue::from_str(secret.expose()),
                Prefix::Bearer => HeaderValue::try_from(format!("Bearer {}", secret.expose())),
            }
            .ok()?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Some(())
    }
}

impl fmt::Debug for Auth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, ..)| name.as_str()).collect();
        let query: Vec<&str> = self.query.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Auth").field("headers", &names).field("query", &query).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sensitive_and_never_shown() {
        let (token, cookie) = (Secret::new("canary-token".into()), Secret::new("canary-cookie".into()));
        let auth = Auth::new(vec![&token])
            .bearer(&token)
            .plain(HeaderName::from_static("harvest-account-id"), "77")
            .in_query("cookie", &cookie);
        let mut headers = HeaderMap::new();
        auth.write(&mut headers).unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer canary-token");
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(headers["harvest-account-id"], "77");
        assert!(!format!("{auth:?} {headers:?}").contains("canary"));
        assert_eq!(auth.all_secrets().len(), 3);
        let broken = Secret::new("line\nbreak".into());
        assert!(Auth::default().bearer(&broken).write(&mut HeaderMap::new()).is_none());
    }
}
