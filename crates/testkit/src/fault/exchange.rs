//! One request and its answer, and what befalls them.
use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap, LOCATION, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::{Fault, Seen, Shared, connection};

/// The largest body, in bytes.
const LARGEST: usize = 64 << 20;
/// How long the server may take to answer in full.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// Vault's own header.
const NAMESPACE: &str = "x-vault-namespace";
/// How many requests are remembered.
const KEPT: usize = 10_000;

/// What is to befall requests, and what befell them.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<ExchangeState>);

#[derive(Debug)]
struct ExchangeState {
    always: Fault,
    rules: Vec<Rule>,
    seen: VecDeque<Seen>,
}

/// A fault for some requests that are still to come.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) left: usize,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) fault: Fault,
}

impl Default for ExchangeState {
    fn default() -> Self {
        Self { always: Fault::Pass, rules: Vec::new(), seen: VecDeque::new() }
    }
}

impl Faults {
    pub(super) fn always(&self, fault: Fault) {
        self.lock().always = fault;
    }

    pub(super) fn add(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.always = Fault::Pass;
        state.rules.clear();
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.iter().cloned().collect()
    }

    /// What befalls a request that has just arrived.
    fn befall(&self, head: &Parts, path: &str) -> Fault {
        let method = &head.method;
        let mut state = self.lock();
        let matches = |r: &&mut Rule| {
            r.left > 0 && (r.method.is_empty() || r.method == method.as_str()) && path.contains(&r.path)
        };
        let fault = match state.rules.iter_mut().find(matches) {
            Some(rule) => {
                rule.left -= 1;
                rule.fault.clone()
            }
            None => state.always.clone(),
        };
        if state.seen.len() == KEPT {
            state.seen.pop_front();
        }
        state.seen.push_back(Seen {
            method: method.to_string(),
            path: path.to_owned(),
            namespace: head.headers.get(NAMESPACE).and_then(|v| v.to_str().ok()).map(str::to_owned),
            fault: fault.clone(),
        });
        fault
    }

    fn lock(&self) -> MutexGuard<'_, ExchangeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request; an error cuts the connection.
pub(super) async fn exchange(
    request: Request<Incoming>,
    shared: &Shared,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    shared.passable().await;
    let path = head.uri.path_and_query().map_or("/", |p| p.as_str());
    let fault = shared.faults.befall(&head, path);
    match &fault {
        Fault::Stall => std::future::pending().await,
        Fault::Delay(time) => tokio::time::sleep(*time).await,
        Fault::CutBefore => return Err(cut()),
        Fault::Answer { status, body } => {
            let answer = Response::builder().status(*status).header(CONTENT_TYPE, "application/json");
            return answer.body(Full::new(Bytes::from(body.clone()))).map_err(io::Error::other);
        }
        Fault::Redirect(server) => {
            let answer = Response::builder().status(307).header(LOCATION, format!("{server}{path}"));
            return answer.body(Full::default()).map_err(io::Error::other);
        }
        Fault::Pass | Fault::CutAfter | Fault::Truncate => {}
    }
    let forwarded = forward(Request::from_parts(head, Full::new(body)), shared);
    let (mut head, mut body) = tokio::time::timeout(ANSWER_TIMEOUT, forwarded).await??.into_parts();
    shared.passable().await;
    match fault {
        Fault::CutAfter => return Err(cut()),
        Fault::Truncate => {
            head.headers.remove(CONTENT_LENGTH);
            body.truncate(body.len() / 2);
        }
        _ => {}
    }
    Ok(Response::from_parts(head, Full::new(body)))
}

/// Sends a request over a connection of its own, and returns the complete answer.
async fn forward(mut request: Request<Full<Bytes>>, shared: &Shared) -> io::Result<Response<Bytes>> {
    own_framing(request.headers_mut());
    let stream = connection::connect(shared).await?;
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(driver));
    let (mut head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    own_framing(&mut head.headers);
    Ok(Response::from_parts(head, body))
}

/// How a message is framed is each connection's own affair. The length stays: an answer to HEAD has no body to tell it.
fn own_framing(headers: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING, EXPECT] {
        headers.remove(name);
    }
}

fn cut() -> io::Error {
    io::Error::other("cut on purpose")
}
