//! One line of log and one count for each call, written when its answer ends.
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use granary_rpc::metadata;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame, SizeHint};
use tonic::{Code, Status};

use super::RequestId;

/// Health, reflection and paths that do not exist: counted under one label, and not worth a line each.
const OTHER: &str = "other";

/// What is known of a call before its answer.
#[derive(Debug)]
pub struct Record {
    method: &'static str,
    id: RequestId,
    tenant: Option<HeaderValue>,
    account: Option<HeaderValue>,
    start: Instant,
}

/// A body that is watched until its end.
#[derive(Debug)]
pub struct Recorded<B> {
    inner: B,
    record: Option<Record>,
}

impl Record {
    /// A call that begins now. A method that is not in the policy table counts as "other", to bound the labels.
    pub fn new(path: &str, id: &RequestId, headers: &HeaderMap, start: Instant) -> Self {
        let method =
            granary_proto::policy_table().ok().and_then(|t| t.path(path)).map_or(OTHER, |m| m.name());
        Self {
            method,
            id: id.clone(),
            tenant: headers.get(metadata::TENANT).cloned(),
            account: headers.get(metadata::ACCOUNT).cloned(),
            start,
        }
    }

    /// Names who called, where that was found out after the call began.
    pub fn caller(&mut self, tenant: Option<HeaderValue>) {
        self.tenant = tenant;
    }

    /// Watches an answer. One that has ended with its headers is recorded at once.
    pub fn observe<B>(self, response: Response<B>) -> Response<Recorded<B>> {
        let ended = response.headers().get("grpc-status").map(code);
        let source = response.extensions().get::<Status>().map(chain).unwrap_or_default();
        let record = match ended {
            Some(code) => {
                self.write(code, &source);
                None
            }
            None => Some(self),
        };
        response.map(|inner| Recorded { inner, record })
    }

    fn write(self, code: Code, source: &str) {
        let seconds = self.start.elapsed();
        let status = code_name(code);
        metrics::counter!("granary_calls_total", "method" => self.method, "status" => status).increment(1);
        metrics::histogram!("granary_call_seconds", "method" => self.method).record(seconds.as_secs_f64());
        let text =
            |v: &Option<HeaderValue>| v.as_ref().and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let micros = u64::try_from(seconds.as_micros()).unwrap_or(u64::MAX);
        if matches!(code, Code::Internal | Code::Unknown | Code::DataLoss) {
            tracing::warn!(
                target: "granary::call", request_id = self.id.as_str(), tenant = text(&self.tenant),
                account = text(&self.account), method = self.method, status, micros, source, "call failed"
            );
        } else if self.method != OTHER && tracing::enabled!(target: "granary::call", tracing::Level::INFO) {
            tracing::info!(
                target: "granary::call", request_id = self.id.as_str(), tenant = text(&self.tenant),
                account = text(&self.account), method = self.method, status, micros, source, "call"
            );
        }
    }
}

fn code(value: &HeaderValue) -> Code {
    Code::from_bytes(value.as_bytes())
}

/// What the operator should see of a failure, and the caller does not.
fn chain(status: &Status) -> String {
    let mut text = String::new();
    let mut source = std::error::Error::source(status).and_then(std::error::Error::source);
    while let Some(error) = source {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Recorded<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let ended = match &frame {
            Some(Ok(frame)) => frame.trailers_ref().and_then(|t| t.get("grpc-status")).map(code),
            Some(Err(_)) => Some(Code::Unavailable),
            None => Some(Code::Unknown),
        };
        if let Some(code) = ended
            && let Some(record) = self.record.take()
        {
            record.write(code, "");
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for Recorded<B> {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            record.write(Code::Cancelled, "");
        }
    }
}
