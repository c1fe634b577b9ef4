//! A service in front of an upstream that answers anything: called as the gateway calls it, without the socket between.
use std::time::Duration;

use bytes::{BufMut, Bytes};
use granary_credential::ticket::{Format, Header, Keyring, seal};
use granary_credential::{Credential, Key, Kind, Secret};
use granary_proto::Method;
use granary_rpc::error::reason_of;
use granary_rpc::{Deadline, metadata};
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_reflect::DynamicMessage;
use tokio::runtime::Runtime;
use tonic::body::Body;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::Case;
use crate::upstream::Upstream;

/// In every credential, and in nothing that comes out.
const SECRET: &str = "canary-4f1d0c9b7e~secret";
/// Long enough for a call, too short to wait for a run of minutes.
const CALL_TIMEOUT: Duration = Duration::from_millis(100);
const PREFIX: usize = 5;

/// The service under test.
pub struct Service {
    name: &'static str,
    runtime: Runtime,
    upstream: Upstream,
    routes: Routes,
    ring: Keyring,
}

impl Service {
    /// `routes` gets the upstream's address.
    pub fn start(name: &'static str, routes: impl FnOnce(&str, Keyring) -> Routes) -> Self {
        let (runtime, upstream) = Upstream::start();
        let ring = Keyring::single(Key::random());
        let routes = runtime.block_on(async { routes(&upstream.url, ring.clone()) });
        Self { name, runtime, upstream, routes, ring }
    }

    /// Makes the call of a [`Case`], and sees to it that what comes out is an answer of the contract or a failure with a reason, and
    /// tells nobody the secret.
    pub fn run(&self, text: &str) {
        let Some(case) = Case::parse(text, SECRET) else { return };
        let table = granary_proto::policy_table().expect("the contract");
        let Some(method) = table.path(&format!("/{}/{}", self.name, case.rpc)) else { return };
        let Ok(input) = granary_convert::parse_input_text(&method.descriptor.input(), case.input) else {
            return;
        };
        self.upstream.will_answer(case.answers);
        let request = self.request(method, &input.encode_to_vec());
        let (bytes, status) = self.runtime.block_on(async {
            let response = self.routes.clone().oneshot(request).await.expect("routes never fail");
            read(response).await
        });
        assert!(!holds(&bytes), "the answer holds the secret");
        if status.code() == Code::Ok {
            let mut rest = bytes.as_ref();
            while !rest.is_empty() {
                rest = message(method, rest);
            }
            return;
        }
        assert!(!holds(status.message().as_bytes()), "the status holds the secret");
        assert!(!holds(status.details()), "the details of the status hold the secret");
        assert!(reason_of(&status).is_some(), "no reason of ours: {status:?}");
    }

    fn request(&self, method: &Method, input: &[u8]) -> http::Request<Body> {
        let header = Header {
            tenant: "acme".to_owned(),
            account: "user_ha_456".to_owned(),
            incarnation: vec![7; 16],
            ..Header::of(method)
        };
        let held: Vec<_> = method.needs.iter().map(|kinds| (credential(kinds[0]), 3)).collect();
        let (ticket, _) = seal(&self.ring, Format::default(), header, &held, granary_rpc::clock::now_ms())
            .expect("a ticket");
        let mut headers = MetadataMap::new();
        headers.insert_bin(metadata::TICKET, MetadataValue::from_bytes(&ticket));
        headers.insert(metadata::TENANT, MetadataValue::from_static("acme"));
        headers.insert(metadata::ACCOUNT, MetadataValue::from_static("user_ha_456"));
        headers.insert(metadata::INCARNATION, "07".repeat(16).parse().expect("hexadecimal digits"));
        let mut body = Vec::with_capacity(PREFIX + input.len());
        body.put_u8(0);
        body.put_u32(u32::try_from(input.len()).expect("a short input"));
        body.put_slice(input);
        let mut request = http::Request::post(method.path.as_str())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(Full::new(Bytes::from(body))))
            .expect("a request");
        request.headers_mut().extend(headers.into_headers());
        request.extensions_mut().insert(Deadline::after(CALL_TIMEOUT));
        request
    }
}

fn credential(kind: Kind) -> Credential {
    let secret = || Secret::new(SECRET.to_owned());
    match kind {
        Kind::HarvestToken => Credential::HarvestToken { access_token: secret(), account_id: 910_001 },
        Kind::ApifyToken => Credential::ApifyToken { token: secret() },
        Kind::LinkedinSession => {
            Credential::LinkedinSession { li_at: secret(), proxy: None, user_agent: None }
        }
        _ => Credential::HarvestapiKey { api_key: secret() },
    }
}

/// The messages and the status that they ended with.
async fn read(response: http::Response<Body>) -> (Bytes, Status) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole answer");
    let trailers = body.trailers().cloned().unwrap_or_default();
    let status = Status::from_header_map(&parts.headers).or_else(|| Status::from_header_map(&trailers));
    (body.to_bytes(), status.expect("a status"))
}

/// Reads one message and returns what follows it.
fn message<'a>(method: &Method, bytes: &'a [u8]) -> &'a [u8] {
    let (prefix, rest) = bytes.split_at(PREFIX);
    let length = u32::from_be_bytes(prefix[1..].try_into().expect("four bytes"));
    let (message, rest) = rest.split_at(length.try_into().expect("a length that fits"));
    let answer =
        DynamicMessage::decode(method.descriptor.output(), message).expect("a message of the contract");
    let _ = granary_convert::tool_output(&answer);
    rest
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
}
