//! No credential as a parameter: a key that names one is refused wherever it stands, and its value never repeated.
use granary_rpc::Violation;
use serde_json::Value;

use crate::shape::names_secret;
use crate::violations::{Violations, item, join, key, violation};

/// Looks through JSON that no message of the contract describes.
pub(super) fn scan(json: &Value, path: &str, violations: &mut Violations) {
    if violations.is_full() {
        return;
    }
    match json {
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                scan(value, &item(path, index), violations);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                scan_member(name, value, path, violations);
            }
        }
        _ => {}
    }
}

/// Looks at one member of an object, and through its value.
pub(super) fn scan_member(name: &str, value: &Value, path: &str, violations: &mut Violations) {
    let at = join(path, &key(name));
    if names_secret(name) {
        violations.push(refused(&at));
    } else {
        scan(value, &at, violations);
    }
}

/// The violation of such a key.
pub(super) fn refused(path: &str) -> Violation {
    violation(path, "credentials are not parameters; store them with PutSealedCredential")
}
