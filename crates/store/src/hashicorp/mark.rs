//! Changing one field of a record and leaving the others, which Vault's client cannot do.
use http::header::{CONTENT_TYPE, HeaderValue};
use rustify::Endpoint;
use rustify::endpoint::MiddleWare;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use rustify::errors::ClientError as HttpError;
use vaultrs::api::kv2::responses::SecretVersionMetadata;
use vaultrs::api::{EndpointMiddleware, EndpointResult};
use vaultrs::client::Client;
use vaultrs::error::ClientError;

use super::servers::NodeClient;

/// [Patch secret](https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#patch-secret): the fields of `data` in `body`
/// replace the record's own, and null removes one.
pub(super) struct Patch {
    pub(super) mount: String,
    pub(super) path: String,
    pub(super) body: serde_json::Value,
}

impl Patch {
    /// Sends it, and returns the record's new version.
    pub(super) async fn send(self, link: &NodeClient) -> Result<u64, ClientError> {
        let answer = self.with_middleware(&Merge(link.middle())).exec(link.http()).await?;
        let answer: EndpointResult<SecretVersionMetadata> = answer.wrap()?;
        answer.data.map(|data| data.version).ok_or(ClientError::ResponseDataEmptyError)
    }
}

impl Endpoint for Patch {
    type Response = SecretVersionMetadata;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        format!("{}/data/{}", self.mount, self.path)
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::PATCH
    }

    fn body(&self) -> Result<Option<Vec<u8>>, HttpError> {
        Ok(Some(self.body.to_string().into_bytes()))
    }
}

/// Adds the one content type that Vault takes for a patch.
struct Merge<'a>(&'a EndpointMiddleware);

impl MiddleWare for Merge<'_> {
    fn request<E: Endpoint>(
        &self,
        endpoint: &E,
        request: &mut http::Request<Vec<u8>>,
    ) -> Result<(), HttpError> {
        let merge = HeaderValue::from_static("application/merge-patch+json");
        request.headers_mut().insert(CONTENT_TYPE, merge);
        self.0.request(endpoint, request)
    }

    fn response<E: Endpoint>(
        &self,
        endpoint: &E,
        response: &mut http::Response<Vec<u8>>,
    ) -> Result<(), HttpError> {
        self.0.response(endpoint, response)
    }
}
