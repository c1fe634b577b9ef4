//! What Vault's client cannot ask: which capabilities a token has, what kind of server it is, and whether a mount locks out.
use std::collections::HashMap;

use rustify::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use rustify::errors::ClientError as HttpError;
use serde::Deserialize;
use serde_json::json;

/// [Token capabilities](https://developer.hashicorp.com/vault/api-docs/system/capabilities-self): those on each of the paths.
pub(super) struct Capabilities {
    pub(super) paths: Vec<String>,
}

impl Capabilities {
    /// Where it is asked.
    pub(super) const PATH: &str = "sys/capabilities-self";
}

impl Endpoint for Capabilities {
    type Response = HashMap<String, Vec<String>>;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        Self::PATH.to_owned()
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::POST
    }

    fn body(&self) -> Result<Option<Vec<u8>>, HttpError> {
        Ok(Some(json!({ "paths": self.paths }).to_string().into_bytes()))
    }
}

/// [Health](https://developer.hashicorp.com/vault/api-docs/system/health), which needs no token.
pub(super) struct Health;

/// Of it, what tells whether there are namespaces.
#[derive(Debug, Deserialize)]
pub(super) struct EditionQuestion {
    /// Community servers of HashiCorp say false; other servers say nothing.
    #[serde(default)]
    pub(super) enterprise: Option<bool>,
}

impl Endpoint for Health {
    type Response = EditionQuestion;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        "sys/health".to_owned()
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::GET
    }
}

/// [Tuning](https://developer.hashicorp.com/vault/api-docs/system/mounts#tune-mount-configuration) of an auth mount: whether logins
/// with a wrong secret lock a role out. That guards passwords; a secret id cannot be guessed, and whoever knows a role id, which is
/// no secret, could lock its owner out.
pub(crate) struct Lockout {
    pub(crate) mount: String,
    /// Turns it off, rather than asking.
    pub(crate) turn_off: bool,
}

/// Of the tuning, what tells of the lockout.
#[derive(Debug, Deserialize)]
pub(crate) struct Tuning {
    #[serde(default)]
    pub(crate) user_lockout_disable: bool,
}

impl Endpoint for Lockout {
    type Response = Tuning;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        format!("sys/mounts/auth/{}/tune", self.mount)
    }

    fn method(&self) -> RequestMethod {
        if self.turn_off { RequestMethod::POST } else { RequestMethod::GET }
    }

    fn body(&self) -> Result<Option<Vec<u8>>, HttpError> {
        let body = || json!({ "user_lockout_config": { "lockout_disable": true } });
        Ok(self.turn_off.then(|| body().to_string().into_bytes()))
    }
}
