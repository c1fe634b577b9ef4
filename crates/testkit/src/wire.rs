//! Calls over a real socket, by the descriptors: a tool's JSON in, our JSON or a status out.
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::{Buf, BufMut};
use granary_credential::ticket::{Format, Header, Keyring, seal};
use granary_credential::{Credential, Key};
use granary_proto::Method;
use granary_rpc::{Deadline, Reason, error::reason_of, metadata};
use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{AsciiMetadataValue, MetadataMap, MetadataValue};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Status};
use tonic_types::StatusExt;
use tower::util::MapRequestLayer;

/// The version of every credential.
pub const VERSION: i64 = 3;
const TENANT: &str = "acme";
const ACCOUNT: &str = "user_ha_456";

/// A service under test, on loopback. It ends with the test.
#[derive(Debug)]
pub struct Service {
    channel: Channel,
    ring: Keyring,
    task: JoinHandle<()>,
}

/// An answer with its leading metadata.
#[derive(Debug)]
pub struct Answered {
    /// The message in our JSON.
    pub json: Value,
    /// Its headers.
    pub metadata: MetadataMap,
}

impl Service {
    /// Serves these routes, with twenty seconds for each call.
    pub async fn open<E: std::fmt::Debug>(routes: impl FnOnce(Keyring) -> Result<Routes, E>) -> Self {
        Self::open_for(Duration::from_secs(20), routes).await
    }

    /// The same, with this much time for each call.
    pub async fn open_for<E: std::fmt::Debug>(
        time: Duration,
        routes: impl FnOnce(Keyring) -> Result<Routes, E>,
    ) -> Self {
        let ring = Keyring::single(Key::random());
        let routes = routes(ring.clone()).unwrap();
        let (listener, address) = listen().await;
        let timed = MapRequestLayer::new(move |mut request: http::Request<Body>| {
            request.extensions_mut().insert(Deadline::after(time));
            request
        });
        let server = Server::builder().layer(timed).add_routes(routes);
        let task = tokio::spawn(async move {
            let _ = server.serve_with_incoming(TcpIncoming::from(listener)).await;
        });
        let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
        Self { channel, ring, task }
    }

    /// A call as the gateway forwards it, for an account that holds this credential.
    pub async fn call(&self, path: &str, credential: &Credential, input: &Value) -> Result<Answered, Status> {
        self.call_with(path, credential, input, &[]).await
    }

    /// The same with these headers besides.
    pub async fn call_with(
        &self,
        path: &str,
        credential: &Credential,
        input: &Value,
        headers: &[(&'static str, &str)],
    ) -> Result<Answered, Status> {
        let input = granary_convert::parse_input(&method(path).descriptor.input(), input)?;
        self.send(path, credential, &input, headers).await
    }

    /// The same for an account that holds several credentials.
    pub async fn call_as(
        &self,
        path: &str,
        credentials: &[Credential],
        input: &Value,
    ) -> Result<Answered, Status> {
        let input = granary_convert::parse_input(&method(path).descriptor.input(), input)?;
        self.send_as(path, credentials, &input, &[]).await
    }

    /// A typed call, which nothing checked before it left.
    pub async fn send(
        &self,
        path: &str,
        credential: &Credential,
        input: &impl Message,
        headers: &[(&'static str, &str)],
    ) -> Result<Answered, Status> {
        self.send_as(path, std::slice::from_ref(credential), input, headers).await
    }

    /// The same for an account that holds several credentials.
    pub async fn send_as(
        &self,
        path: &str,
        credentials: &[Credential],
        input: &impl Message,
        headers: &[(&'static str, &str)],
    ) -> Result<Answered, Status> {
        let method = method(path);
        let request = self.request(method, credentials, input, headers);
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        client.ready().await.unwrap();
        let path = PathAndQuery::try_from(method.path.as_str()).unwrap();
        let response = client.unary(request, path, Bytes).await?;
        let (metadata, body, _) = response.into_parts();
        let body = DynamicMessage::decode(method.descriptor.output(), body.as_slice()).unwrap();
        Ok(Answered { json: granary_convert::to_json(&body), metadata })
    }

    /// A call that is answered by many messages: all of them, and how it failed if it did.
    pub async fn stream(
        &self,
        path: &str,
        credential: &Credential,
        input: &Value,
        headers: &[(&'static str, &str)],
    ) -> (Vec<Value>, Option<Status>) {
        let method = method(path);
        let input = match granary_convert::parse_input(&method.descriptor.input(), input) {
            Ok(input) => input,
            Err(error) => return (Vec::new(), Some(error.into())),
        };
        let request = self.request(method, std::slice::from_ref(credential), &input, headers);
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        client.ready().await.unwrap();
        let path = PathAndQuery::try_from(method.path.as_str()).unwrap();
        let mut stream = match client.server_streaming(request, path, Bytes).await {
            Ok(response) => response.into_inner(),
            Err(status) => return (Vec::new(), Some(status)),
        };
        let mut messages = Vec::new();
        loop {
            match stream.message().await {
                Ok(Some(body)) => {
                    let body = DynamicMessage::decode(method.descriptor.output(), body.as_slice()).unwrap();
                    messages.push(granary_convert::to_json(&body));
                }
                Ok(None) => return (messages, None),
                Err(status) => return (messages, Some(status)),
            }
        }
    }

    fn request(
        &self,
        method: &Method,
        credentials: &[Credential],
        input: &impl Message,
        headers: &[(&'static str, &str)],
    ) -> Request<Vec<u8>> {
        let mut request = Request::new(input.encode_to_vec());
        request.set_timeout(Duration::from_secs(20));
        for (name, value) in headers {
            request.metadata_mut().append(*name, AsciiMetadataValue::try_from(*value).unwrap());
        }
        self.admit(request.metadata_mut(), method, credentials);
        request
    }

    fn admit(&self, metadata: &mut MetadataMap, method: &Method, credentials: &[Credential]) {
        let header = Header {
            tenant: TENANT.to_owned(),
            account: ACCOUNT.to_owned(),
            incarnation: vec![7; 16],
            // What is taken is told, too.
            unproven: credentials.iter().map(|credential| credential.kind().into()).collect(),
            ..Header::of(method)
        };
        let now = granary_rpc::clock::now_ms();
        let held: Vec<_> = credentials.iter().map(|credential| (credential.clone(), VERSION)).collect();
        let (ticket, _) = seal(&self.ring, Format::default(), header, &held, now).unwrap();
        metadata.insert_bin(metadata::TICKET, MetadataValue::from_bytes(&ticket));
        metadata.insert(metadata::TENANT, TENANT.parse().unwrap());
        metadata.insert(metadata::ACCOUNT, ACCOUNT.parse().unwrap());
        metadata.insert(metadata::INCARNATION, "07".repeat(16).parse().unwrap());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a call tells of its credentials, with commas between them: the kind, the version, and whether the vendor took it.
pub fn outcome(metadata: &MetadataMap) -> Option<String> {
    let told = metadata.get(metadata::CREDENTIAL_OUTCOME)?.to_str().unwrap();
    Some(told.split(',').map(verdict).collect::<Vec<_>>().join(","))
}

fn verdict(told: &str) -> String {
    use granary_credential::verdict::Verdict;
    let signed = data_encoding::BASE64.decode(told.as_bytes()).unwrap();
    // Three bytes before the message, 32 after it.
    let verdict = Verdict::decode(&signed[3..signed.len() - 32]).unwrap();
    assert_eq!((verdict.tenant.as_str(), verdict.account.as_str()), (TENANT, ACCOUNT));
    let word = if verdict.accepted { "accepted" } else { "rejected" };
    format!("{};{};{word}", verdict.kind().text(), verdict.version)
}

/// One variable part of a failure.
pub fn detail(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.get(key).cloned()
}

/// The reason of a failure; shows the whole of it where there is none.
pub fn reason(outcome: &Result<Answered, Status>) -> Reason {
    match outcome {
        Ok(answered) => panic!("answered {:.300}", answered.json.to_string()),
        Err(status) => reason_of(status).unwrap_or_else(|| panic!("not ours: {status:?}")),
    }
}

/// Where `expected` does not lie in `actual`: objects by their keys, arrays item by item.
pub fn difference(actual: &Value, expected: &Value) -> Option<String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected.iter().find_map(|(key, value)| {
            let Some(actual) = actual.get(key) else { return Some(format!("{key} is missing")) };
            difference(actual, value).map(|fault| format!("{key}.{fault}"))
        }),
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let pairs = actual.iter().zip(expected).enumerate();
            pairs.into_iter().find_map(|(n, (a, e))| difference(a, e).map(|fault| format!("{n}.{fault}")))
        }
        _ => (actual != expected).then(|| format!("is {actual} and not {expected}")),
    }
}

/// A free port below those that the system hands out by itself.
pub async fn listen() -> (TcpListener, std::net::SocketAddr) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (base + NEXT.fetch_add(7, Ordering::Relaxed) % 2_000) % 12_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            let address = listener.local_addr().unwrap();
            return (listener, address);
        }
    }
}

fn method(path: &str) -> &'static Method {
    granary_proto::policy_table().unwrap().path(path).unwrap_or_else(|| panic!("no method {path}"))
}

/// Messages that are bytes already.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
