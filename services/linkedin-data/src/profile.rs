//! Where sources of the profile's shape disagree in more than a name.
use serde_json::{Map, Value};

/// An address may come as a bare text; it is the same as an object that knows no more.
pub(crate) fn settle(element: &mut Value) {
    let Some(Value::Array(emails)) = element.get_mut("emails") else { return };
    for email in emails.iter_mut().filter(|email| email.is_string()) {
        *email = Value::Object(Map::from_iter([("email".to_owned(), email.take())]));
    }
}
