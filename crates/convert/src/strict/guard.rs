//! No credential as a parameter: a key that names one is refused wherever it stands, and its value never repeated.
use granary_rpc::Violation;
use serde_json::Value;

use crate::shape::names_secret;
use crate::violations::{Faults, fault, item, join, key};

/// Looks through JSON that no message of the contract describes.
pub(super) fn scan(json: &Value, path: &str, faults: &mut Faults) {
    if faults.is_full() {
        return;
    }
    match json {
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                scan(value, &item(path, index), faults);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                scan_member(name, value, path, faults);
            }
        }
        _ => {}
    }
}

/// Looks at one member of an object, and through its value.
pub(super) fn scan_member(name: &str, value: &Value, path: &str, faults: &mut Faults) {
    let at = join(path, &key(name));
    if names_secret(name) {
        faults.push(refused(&at));
    } else {
        scan(value, &at, faults);
    }
}

/// The fault of such a key.
pub(super) fn refused(path: &str) -> Violation {
    fault(path, "credentials are not parameters; store them with PutSealedCredential")
}
