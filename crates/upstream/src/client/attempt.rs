//! One request and its answer, as it came.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Method};
use reqwest::{Body, Response, Url};
use tokio::time::{Instant, timeout_at};

use super::Client;
use super::fault::{Cause, Effect, Fault};
use super::room::{Held, Room, SMALL};
use super::watched::Watched;

/// What is sent, once or more often.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) effect: Effect,
}

/// An answer before masking.
pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) held: Held,
}

impl Client {
    /// Sends a request once, and counts it.
    pub(super) async fn attempt(&self, request: &Request, end: Instant) -> Result<Raw, Fault> {
        let api = self.0.api;
        let begin = Instant::now();
        let dispatched = Arc::new(AtomicBool::new(false));
        let outcome = match timeout_at(end, self.exchange(request, &dispatched, end)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Fault::Late { dispatched: dispatched.load(Ordering::Acquire) }),
        };
        let class = match &outcome {
            Ok(raw) => class(raw.status),
            Err(_) => "none",
        };
        let took = begin.elapsed();
        metrics::counter!("granary_upstream_requests_total", "api" => api, "status_class" => class)
            .increment(1);
        metrics::histogram!("granary_upstream_seconds", "api" => api).record(took.as_secs_f64());
        tracing::debug!(api, method = %request.method, status_class = class, ?took, "called upstream");
        outcome
    }

    async fn exchange(
        &self,
        request: &Request,
        dispatched: &Arc<AtomicBool>,
        end: Instant,
    ) -> Result<Raw, Fault> {
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
        outgoing.headers_mut().clone_from(&request.headers);
        *outgoing.body_mut() = Some(Body::wrap(Watched::new(request.body.clone(), Arc::clone(dispatched))));
        let mut response = self.0.http.execute(outgoing).await.map_err(|error| {
            if error.is_connect() || !dispatched.load(Ordering::Acquire) {
                Fault::NotSent(Cause::of(&error))
            } else if error.is_timeout() {
                Fault::Silent(Cause::of(&error))
            } else {
                Fault::Reset(Cause::of(&error))
            }
        })?;
        if response.headers().get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
            return Err(Fault::Encoded);
        }
        let mut held = Held::new();
        let body = read(&mut response, self.0.max_body, (&self.0.room, &mut held, end)).await?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Raw { status: response.status().as_u16(), headers, body, held })
    }
}

async fn read(
    response: &mut Response,
    max: usize,
    (room, held, end): (&Room, &mut Held, Instant),
) -> Result<Bytes, Fault> {
    let status = response.status().as_u16();
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > max {
        return Err(Fault::TooLarge(max));
    }
    room.grow(held, announced, end).await?;
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| {
        let cause = Cause::of(&error);
        if error.is_timeout() { Fault::Silent(cause) } else { Fault::CutOff(status, cause) }
    })? {
        let size = body.len() + chunk.len();
        if size > max {
            return Err(Fault::TooLarge(max));
        }
        if size > SMALL && size > announced {
            // In steps that double, so that a body of many chunks waits few times.
            room.grow(held, size.next_power_of_two().min(max), end).await?;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "other",
    }
}
