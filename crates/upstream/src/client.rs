//! The client of one third party.
mod attempt;
mod fault;
mod retry;
pub(crate) mod room;
mod watched;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use granary_proto::granary::policy::v1::Verb;
use granary_rpc::{Deadline, Error, Reason};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use reqwest::Certificate;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::{BuildError, Config};
use crate::mask::Masker;
use crate::origin::Origin;
use crate::{Answer, Auth, Call};
use attempt::{Raw, Request};
use fault::{Effect, Fault};
use retry::Retries;
use room::Room;

pub(crate) use fault::{Cause, NO_ROOM, RETRY_DELAY};

/// Upstreams and the network between drop idle connections; a write must not find that out by being sent on one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a busy HTTP/2 connection is probed, and how long the probe may take.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// Longest URL, in bytes. Servers refuse far shorter ones, and the HTTP stack cannot express longer ones.
const MAX_URL: usize = 60_000;

/// Longest body, in bytes, that is looked through on the thread that serves the call; it takes a millisecond.
const MAX_MASKED_HERE: usize = 128 * 1024;

/// The client of one third party. Clones share one pool of connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    api: &'static str,
    origin: Origin,
    http: reqwest::Client,
    total: Duration,
    max_body: usize,
    room: Arc<Room>,
    /// Large answers that are looked through at a time.
    masking: Semaphore,
    retries: u32,
}

impl Client {
    /// A client for the third party called `api` in errors and metrics, such as "harvest".
    ///
    /// # Errors
    /// Where the configuration cannot be used.
    pub fn new(api: &'static str, config: &Config) -> Result<Self, BuildError> {
        let origin = Origin::parse(api, config)?;
        let http = build(api, config, &origin)?;
        Ok(Self(Arc::new(Inner {
            api,
            origin,
            http,
            total: Duration::from_millis(config.total_timeout_ms),
            max_body: config.max_body_bytes,
            room: Arc::new(Room::new(config.max_answer_bytes_in_flight)),
            masking: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
            retries: config.retries,
        })))
    }

    /// Scheme, host and port that every call goes to.
    pub fn origin(&self) -> &str {
        self.0.origin.text()
    }

    /// The name of the third party.
    pub fn api(&self) -> &'static str {
        self.0.api
    }

    /// Whether an absolute link, such as that of a next page, lies on the client's own origin.
    pub fn accepts_link(&self, url: &str) -> bool {
        self.0.origin.accepts(url)
    }

    /// Sends a call, repeats it where that does no harm, and masks the answer.
    ///
    /// An answer of any status but a redirect is an `Ok`: see [`crate::status`] for what it amounts to.
    ///
    /// # Errors
    /// Where there is no answer: `UPSTREAM_UNAVAILABLE`, `UPSTREAM_MALFORMED` (too large, cut off, a redirect), `OVERLOADED`
    /// (too many large answers are held) or `DEADLINE_EXCEEDED`; for a write that may have been dispatched `UNKNOWN_OUTCOME` in place of all of them.
    pub async fn send(&self, call: Call, auth: Auth<'_>, deadline: Deadline) -> Result<Answer, Error> {
        let masker = Arc::new(Masker::new(&auth.all_secrets()));
        let request = self.request(call, &auth)?;
        let effect = request.effect;
        if deadline.remaining().is_zero() {
            return Err(Deadline::error().with("upstream", self.0.api));
        }
        let end = deadline.instant().min(Instant::now() + self.0.total);
        let mut retries = Retries::new(effect, self.0.retries, end);
        let outcome = loop {
            let outcome = match Box::pin(self.attempt(&request, end)).await {
                Ok(raw) => self.masked(raw, &masker, end).await,
                Err(fault) => Err(fault),
            };
            match retries.wait(&outcome) {
                Some(wait) => {
                    metrics::counter!("granary_upstream_retries_total", "api" => self.0.api).increment(1);
                    tokio::time::sleep(wait).await;
                }
                None => break outcome,
            }
        };
        outcome.map_err(|fault| fault.into_error(self.0.api, effect, deadline))
    }

    /// The answer without what it holds of the call's secrets. Large ones are looked through beside the threads that serve calls, one
    /// for each processor.
    async fn masked(&self, raw: Raw, masker: &Arc<Masker>, end: Instant) -> Result<Answer, Fault> {
        let room = (Arc::clone(&self.0.room), raw.held);
        let answer = if raw.body.len() <= MAX_MASKED_HERE {
            Answer::new(raw.status, &raw.headers, raw.body, masker)
        } else {
            let (status, masker) = (raw.status, Arc::clone(masker));
            let look = move || Answer::new(raw.status, &raw.headers, raw.body, &masker);
            let looked = async {
                // An error would say that it is closed, which nobody does.
                let _permit = self.0.masking.acquire().await.ok();
                tokio::task::spawn_blocking(look).await
            };
            match tokio::time::timeout_at(end, looked).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => {
                    return Err(Fault::CutOff(status, Cause::ours("it could not be looked through")));
                }
                Err(_) => return Err(Fault::Late { dispatched: true }),
            }
        };
        let answer = answer.in_room(room);
        if (300..400).contains(&answer.status) { Err(Fault::Redirected(answer.status)) } else { Ok(answer) }
    }

    fn request(&self, call: Call, auth: &Auth<'_>) -> Result<Request, Error> {
        let internal =
            |fault: &str| Error::new(Reason::Internal, format!("a call of {} {fault}", self.0.api));
        let method = match call.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
            Verb::Unspecified => return Err(internal("has no verb")),
        };
        let secrets = auth.query.iter().map(|(name, secret)| (*name, secret.expose()));
        let query = call.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).chain(secrets);
        let url = self.0.origin.url(&call.path, query).ok_or_else(|| internal("has an unusable path"))?;
        if url.as_str().len() > MAX_URL {
            return Err(Error::new(Reason::LimitExceeded, "the input is too long to be sent in a URL"));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // The guard reads what comes, so it must not come compressed.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        auth.write(&mut headers).ok_or_else(|| internal("has a credential that cannot stand in a header"))?;
        let body = match call.body {
            Some(json) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(json.to_string())
            }
            None => Bytes::new(),
        };
        if body.is_empty() && matches!(call.verb, Verb::Post | Verb::Patch) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(Request { method, url, headers, body, effect: Effect::of(call.repeatable, call.charged) })
    }
}

fn build(api: &'static str, config: &Config, origin: &Origin) -> Result<reqwest::Client, BuildError> {
    let agent = HeaderValue::from_str(&config.user_agent)
        .ok()
        .filter(|agent| !agent.is_empty())
        .ok_or(BuildError::UserAgent { api })?;
    let mut builder = reqwest::Client::builder()
        .user_agent(agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .https_only(origin.is_https())
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .read_timeout(Duration::from_millis(config.read_timeout_ms))
        .pool_max_idle_per_host(config.pool_idle_per_host)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_INTERVAL)
        .tcp_nodelay(true);
    if !origin.is_https() {
        // No handshake will happen, so that a machine without any certificate authorities will do.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &config.ca_file {
        let pem = std::fs::read(path).map_err(|source| BuildError::CaFile { path: path.clone(), source })?;
        let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(BuildError::CaFormat { path: path.clone() });
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| BuildError::Setup { api, source: Cause::of(&error) })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.origin).finish()
    }
}

#[cfg(test)]
mod tests;
