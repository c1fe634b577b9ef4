//! What an administrator may hand out, see and take away: in scopes, accounts and time never more than its own key holds. Who
//! operates all tenants is the way back, and may take away any key.
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::{Error, Reason};

use crate::domain::caller::Caller;
use crate::domain::documents::ApiKey;
use crate::domain::keys::{NewKey, missing, pattern};

pub(super) fn may_administer(caller: &Caller, tenant: &str) -> Result<(), Error> {
    if tenant == caller.tenant { Ok(()) } else { caller.must_hold(Scope::Operator) }
}

/// Nobody hands out more than they hold: neither scopes nor accounts, nor for longer.
pub(super) fn may_grant(caller: &Caller, new: &NewKey) -> Result<(), Error> {
    may_administer(caller, &new.tenant)?;
    new.scopes.iter().try_for_each(|scope| caller.must_hold(*scope))?;
    if !sees(caller, &new.patterns) {
        let text = "the account patterns must lie within those of the caller's own key";
        return Err(Error::new(Reason::AccountNotAllowed, text));
    }
    if outlives(new.expire_ms, caller) {
        let violation = granary_rpc::Violation {
            field: "expire_time".to_owned(),
            description: "must be set, and not after the end of the caller's own key".to_owned(),
        };
        return Err(Error::invalid(vec![violation]));
    }
    Ok(())
}

/// Whether a key that ends then, or never where it is 0, is there after its maker.
fn outlives(expire_ms: i64, maker: &Caller) -> bool {
    maker.expire_ms != 0 && (expire_ms == 0 || expire_ms > maker.expire_ms)
}

/// Whether a key with these patterns is shown: one that reaches no further than the caller's own.
pub(super) fn sees(caller: &Caller, patterns: &[String]) -> bool {
    pattern::within(patterns, &caller.patterns)
}

/// Nobody takes away what they could not hand out. A key that is not shown is as one that is not there.
pub(super) fn may_revoke(caller: &Caller, key: &ApiKey) -> Result<(), Error> {
    let is_operator = caller.holds(Scope::Operator);
    if !(is_operator || key.tenant == caller.tenant) || !sees(caller, &key.patterns) {
        return Err(missing(&key.key_id));
    }
    if is_operator {
        return Ok(());
    }
    key.scopes.iter().try_for_each(|number| match Scope::try_from(*number) {
        Ok(scope) => caller.must_hold(scope),
        // A scope of a later version.
        Err(_) => caller.must_hold(Scope::Operator),
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    prop_compose! {
        fn caller()(
            tenant in select(vec!["acme", "other"]),
            scopes in vec((1..=9).prop_map(|n| Scope::try_from(n).unwrap()), 1..5),
            patterns in vec("[ab*]{1,3}", 0..3),
            expire_ms in select(vec![0, 1_000, 2_000]),
        ) -> Caller {
            Caller { tenant: tenant.to_owned(), key_id: "k".to_owned(), scopes, patterns, expire_ms }
        }
    }

    fn as_new(caller: &Caller) -> NewKey {
        NewKey {
            tenant: caller.tenant.clone(),
            label: String::new(),
            scopes: caller.scopes.clone(),
            patterns: caller.patterns.clone(),
            expire_ms: caller.expire_ms,
        }
    }

    fn stored(caller: &Caller) -> ApiKey {
        ApiKey {
            tenant: caller.tenant.clone(),
            key_id: "of-another".to_owned(),
            scopes: caller.scopes.iter().map(|scope| *scope as i32).collect(),
            patterns: caller.patterns.clone(),
            ..ApiKey::default()
        }
    }

    fn grants(maker: &Caller, made: &Caller) -> bool {
        may_grant(maker, &as_new(made)).is_ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn rights_over_keys_are_an_order(a in caller(), b in caller(), c in caller()) {
            prop_assert!(grants(&a, &a), "a key of the same rights can be made");
            // Through whom a key is made changes nothing.
            prop_assert!(!grants(&a, &b) || !grants(&b, &c) || grants(&a, &c));
            if grants(&a, &b) {
                prop_assert!(a.expire_ms == 0 || (b.expire_ms != 0 && b.expire_ms <= a.expire_ms));
                prop_assert!(b.scopes.iter().all(|scope| a.holds(*scope)));
                prop_assert!(sees(&a, &b.patterns) && may_revoke(&a, &stored(&b)).is_ok(), "what it made it may take away");
            }
            if may_revoke(&a, &stored(&b)).is_ok() {
                prop_assert!(sees(&a, &b.patterns));
                prop_assert!(a.holds(Scope::Operator) || b.scopes.iter().all(|scope| a.holds(*scope)));
            }
        }
    }
}
