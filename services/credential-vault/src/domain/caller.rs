//! Who calls, as an API key or a principal says it.
use granary_credential::principal::PRINCIPAL_TTL;
use granary_proto::granary::internal::v1::Principal;
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::{Error, Identifier, Reason};

use crate::domain::documents::ApiKey;
use crate::domain::keys::pattern;
use crate::domain::time::{now_ms, timestamp};

fn ttl_ms() -> u64 {
    u64::try_from(PRINCIPAL_TTL.as_millis()).unwrap_or_default()
}

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

    /// The same as a principal without limits, which ends within a minute and not after the key.
    pub(crate) fn principal(&self) -> Principal {
        let latest = now_ms().saturating_add_unsigned(ttl_ms());
        let ends = if self.expire_ms == 0 { latest } else { latest.min(self.expire_ms) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::millis;

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
        assert!(ends(&caller) <= now_ms().saturating_add_unsigned(ttl_ms()));
        caller.expire_ms = now_ms() + 5_000;
        assert_eq!(ends(&caller), caller.expire_ms);
        assert!(caller.holds(Scope::Admin) && !caller.holds(Scope::TimeRead));
    }
}
