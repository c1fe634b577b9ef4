//! An upstream that answers what a test says, for shapes that the simulator does not make, and notes what it was asked.
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::wire::listen;

/// In the place of a status: the call is read, and never answered.
pub const SILENT: u16 = 0;

/// One answer, given once, to the first call that fits.
#[derive(Clone, Debug)]
pub struct Canned {
    /// The verb of the call that it answers.
    pub method: String,
    /// The path of that call.
    pub path: String,
    /// The status, or [`SILENT`].
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// One call as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The verb.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// All headers.
    pub headers: http::HeaderMap,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

/// The upstream; it ends with the test.
#[derive(Debug)]
pub struct Stub {
    /// Its address.
    pub url: String,
    state: Arc<Mutex<StubState>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct StubState {
    canned: VecDeque<Canned>,
    seen: Vec<Seen>,
}

impl Canned {
    /// An answer of JSON text.
    pub fn new(method: &str, path: &str, status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self { method: method.into(), path: path.into(), status, headers, body: body.into() }
    }

    /// An answer of this JSON.
    pub fn json(method: &str, path: &str, status: u16, body: &Value) -> Self {
        Self::new(method, path, status, body.to_string())
    }

    /// The same with a header, in the place of one of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// "ORIGIN" in a body stands for the upstream's own address.
    fn at(self, url: &str) -> Self {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) if text.contains("ORIGIN") => text.replace("ORIGIN", url).into(),
            _ => self.body,
        };
        Self { body, ..self }
    }

    /// From a fixture: `{"method", "path", "status", "headers"?, "body" (JSON) or "text"}`.
    pub fn from_fixture(fixture: &Value) -> Self {
        let text = |key: &str| fixture[key].as_str().unwrap_or_default();
        let body = fixture.get("body").map_or_else(|| text("text").to_owned(), Value::to_string);
        let status = fixture["status"].as_u64().and_then(|s| s.try_into().ok()).unwrap_or(200);
        let mut canned = Self::new(text("method"), text("path"), status, body);
        for (name, value) in fixture["headers"].as_object().into_iter().flatten() {
            canned = canned.header(name, value.as_str().unwrap_or_default());
        }
        canned
    }
}

impl Stub {
    /// Starts one on a free port.
    pub async fn start(canned: Vec<Canned>) -> Self {
        let (listener, address) = listen().await;
        let url = format!("http://{address}");
        let canned = canned.into_iter().map(|canned| canned.at(&url)).collect();
        let state = Arc::new(Mutex::new(StubState { canned, seen: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
        Self { url, state, task }
    }

    /// Every call so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    state: Arc<Mutex<StubState>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let canned = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let place = state.canned.iter().position(|c| c.method == method && c.path == path);
        state.seen.push(Seen { method, path, query, headers: parts.headers, body });
        place.and_then(|place| state.canned.remove(place))
    };
    let Some(canned) = canned else {
        let none = Response::builder().status(599).body(Full::from("no answer is left for this call"));
        return Ok(none.unwrap_or_default());
    };
    if canned.status == SILENT {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(canned.status);
    for (name, value) in &canned.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(canned.body)).unwrap_or_default())
}
