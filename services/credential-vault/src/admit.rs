//! Who calls, and what they may do.
mod arriving;
mod layer;

use granary_proto::Method;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::Principal;
use granary_rpc::{Deadline, Error, Identifier, Reason, metadata};
use granary_server::RequestId;
use http::{Extensions, HeaderMap};

use crate::documents::ApiKey;
use crate::keys::pattern;
use crate::time::{millis, now_ms, timestamp};

pub(crate) use arriving::Arriving;
pub(crate) use layer::AdmitLayer;

/// Longest life of a principal, in milliseconds.
const PRINCIPAL_MS: i64 = 60_000;

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
    pub(crate) key_id: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) patterns: Vec<String>,
    /// 0: never.
    pub(crate) expire_ms: i64,
}

/// One admitted call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) method: &'static Method,
    pub(crate) request_id: String,
    /// Unknown where no listener of ours stands in front.
    pub(crate) deadline: Option<Deadline>,
    /// The values of `granary-account`, which no request needs here; one that stands must name the request's account.
    pub(crate) named: HeaderMap,
}

impl Caller {
    pub(crate) fn of(key: &ApiKey) -> Self {
        Self {
            tenant: key.tenant.clone(),
            key_id: key.key_id.clone(),
            scopes: key.scopes.iter().filter_map(|scope| Scope::try_from(*scope).ok()).collect(),
            patterns: key.patterns.clone(),
            expire_ms: key.expire_ms,
        }
    }

    pub(crate) fn of_principal(principal: Principal) -> Self {
        Self {
            scopes: principal.scopes().collect(),
            expire_ms: principal.expire_time.as_ref().and_then(millis).unwrap_or(1),
            tenant: principal.tenant,
            key_id: principal.key_id,
            patterns: principal.account_patterns,
        }
    }

    /// The same as a principal without limits, which ends within a minute and not after the key.
    pub(crate) fn principal(&self) -> Principal {
        let minute = now_ms() + PRINCIPAL_MS;
        let ends = if self.expire_ms == 0 { minute } else { minute.min(self.expire_ms) };
        Principal {
            tenant: self.tenant.clone(),
            key_id: self.key_id.clone(),
            scopes: self.scopes.iter().map(|scope| *scope as i32).collect(),
            account_patterns: self.patterns.clone(),
            expire_time: timestamp(ends),
            limits: None,
        }
    }

    /// Whether the key holds a scope. Who operates all tenants administers each of them.
    pub(crate) fn holds(&self, scope: Scope) -> bool {
        scope == Scope::Unspecified
            || self.scopes.contains(&scope)
            || (scope == Scope::Admin && self.scopes.contains(&Scope::Operator))
    }

    pub(crate) fn must_hold(&self, scope: Scope) -> Result<(), Error> {
        if self.holds(scope) {
            return Ok(());
        }
        Err(Error::new(Reason::ScopeMissing, format!("the API key lacks the scope {}", scope.text()))
            .with("scope", scope.text()))
    }

    pub(crate) fn must_cover(&self, identifier: &Identifier) -> Result<(), Error> {
        if pattern::any_covers(&self.patterns, identifier.as_str()) {
            return Ok(());
        }
        Err(Error::new(Reason::AccountNotAllowed, "the API key's account patterns do not cover the account")
            .with("identifier", identifier.as_str()))
    }
}

impl Call {
    /// Whether the call may be made for the account that its request names.
    pub(crate) fn must_cover(&self, identifier: &Identifier) -> Result<(), Error> {
        identifier.must_be_in(&self.named)?;
        self.caller.must_cover(identifier)
    }

    /// The call that the layer admitted.
    pub(crate) fn take<T>(request: &tonic::Request<T>) -> Result<Self, Error> {
        let none = || Error::new(Reason::ApiKeyMissing, "the request was not admitted");
        request.extensions().get::<Self>().cloned().ok_or_else(none)
    }
}

/// The key's text in `authorization: Bearer KEY`, which must stand exactly once.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let missing = || Error::new(Reason::ApiKeyMissing, "send the API key as authorization: Bearer KEY, once");
    let mut values = headers.get_all(metadata::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, text) = value.split_once(' ').ok_or_else(missing)?;
    let text = text.trim();
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") || text.is_empty() {
        return Err(missing());
    }
    Ok(text)
}

/// The request's name in logs: the one that the server gave it, else the caller's, if that can stand in a log.
pub(crate) fn request_id(extensions: &Extensions, headers: &HeaderMap) -> String {
    if let Some(id) = extensions.get::<RequestId>() {
        return id.as_str().to_owned();
    }
    let value = headers.get(metadata::REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if value.len() <= 128 { value.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_is_taken_only_as_one_well_formed_header() {
        let mut headers = HeaderMap::new();
        assert!(bearer(&headers).is_err());
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "grn_x"] {
            headers.insert("authorization", HeaderValue::from_static(bad));
            assert_eq!(bearer(&headers).unwrap_err().reason(), Reason::ApiKeyMissing, "{bad:?}");
        }
        headers.insert("authorization", HeaderValue::from_static("bearer abc"));
        assert_eq!(bearer(&headers).unwrap(), "abc");
        headers.append("authorization", HeaderValue::from_static("Bearer abc"));
        assert!(bearer(&headers).is_err());
    }

    #[test]
    fn a_principal_never_outlives_its_key_or_a_minute() {
        let mut caller = Caller {
            tenant: "acme".into(),
            key_id: "k".into(),
            scopes: vec![Scope::Operator],
            patterns: Vec::new(),
            expire_ms: 0,
        };
        let ends = |caller: &Caller| millis(&caller.principal().expire_time.unwrap()).unwrap();
        assert!(ends(&caller) <= now_ms() + PRINCIPAL_MS);
        caller.expire_ms = now_ms() + 5_000;
        assert_eq!(ends(&caller), caller.expire_ms);
        assert!(caller.holds(Scope::Admin) && !caller.holds(Scope::TimeRead));
    }
}
