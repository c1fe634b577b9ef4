//! What Vault's client cannot ask: which capabilities a token has, and what kind of server it is.
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
pub(super) struct Kind {
    /// Community servers of HashiCorp say false; other servers say nothing.
    #[serde(default)]
    pub(super) enterprise: Option<bool>,
}

impl Endpoint for Health {
    type Response = Kind;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        "sys/health".to_owned()
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::GET
    }
}
