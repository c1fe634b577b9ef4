//! Keys and cookies as the control port sees them.

use serde_json::{Value, json};

use super::backend::Backend;
use super::cookie::Cookie;
use super::key::{Change, Key};
use crate::kernel::credentials::{CredentialKind, Credentials, Update};
use crate::kernel::fields::Complaint;

const KEY: &str = "harvestapi_key";
const COOKIE: &str = "li_at";

impl Credentials for Backend {
    fn kinds(&self) -> &'static [CredentialKind] {
        &[
            CredentialKind { field: KEY, alias: Some("api_key") },
            CredentialKind { field: COOKIE, alias: None },
        ]
    }

    fn listing(&self) -> Vec<(&'static str, Value)> {
        vec![("harvestapi_keys", json!(self.keys.values())), ("li_at", json!(self.cookies.values()))]
    }

    fn apply(&self, update: Update) -> Result<Value, Complaint> {
        let Update { kind, value, state, fields } = update;
        if kind == COOKIE {
            fields.finish()?;
            let cookie = self.cookies.update(
                &value,
                |_| Cookie::fresh(),
                |cookie| {
                    cookie.state = state.unwrap_or(cookie.state);
                    Ok(())
                },
            )?;
            return Ok(cookie.view(&value));
        }
        let change = Change::parse(fields)?;
        let key = self.keys.update(&value, Key::fresh, |key| {
            key.state = state.unwrap_or(key.state);
            key.apply(&change);
            Ok(())
        })?;
        Ok(key.view(&value))
    }
}
