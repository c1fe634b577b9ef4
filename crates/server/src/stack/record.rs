//! One line of log and one count for each call, written when its answer ends.
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use granary_proto::PolicyTable;
use granary_rpc::metadata::name;
use granary_rpc::trace;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame, SizeHint};
use metrics::{Counter, Histogram};
use tonic::{Code, Status};

use super::RequestId;
use crate::http2::Outgoing;
use crate::throttle::Throttle;

/// The metrics of one method, registered once: looking them up by their labels costs more than counting.
struct Instruments {
    method: &'static str,
    /// By gRPC code.
    calls: [Counter; 17],
    seconds: Histogram,
}

impl Instruments {
    fn new(method: &'static str) -> Self {
        let calls = std::array::from_fn(|code| {
            let status = code_name(Code::from(i32::try_from(code).unwrap_or_default()));
            metrics::counter!("granary_calls_total", "method" => method, "status" => status)
        });
        Self { method, calls, seconds: metrics::histogram!("granary_call_seconds", "method" => method) }
    }

    /// Those of a path. A method that is not in the policy table counts as "other", to bound the labels.
    fn of(path: &str) -> &'static Self {
        static ALL: LazyLock<(HashMap<&'static str, Instruments>, Instruments)> = LazyLock::new(|| {
            let methods = granary_proto::policy_table().map(PolicyTable::methods).unwrap_or_default();
            let all = methods.iter().map(|m| (m.path.as_str(), Instruments::new(m.name())));
            (all.collect(), Instruments::new(OTHER))
        });
        ALL.0.get(path).unwrap_or(&ALL.1)
    }
}

impl std::fmt::Debug for Instruments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.method)
    }
}

/// Health, reflection and paths that do not exist: counted under one label, and not worth a line each.
const OTHER: &str = "other";

/// Lines about calls of callers whom nobody has admitted: a stranger must not write the log.
static STRANGERS: Throttle = Throttle::up_to(20);

/// What is known of a call before its answer.
#[derive(Debug)]
pub struct Record {
    instruments: &'static Instruments,
    id: RequestId,
    tenant: Option<HeaderValue>,
    account: Option<HeaderValue>,
    trace_parent: Option<HeaderValue>,
    later_tenant: Option<LaterTenant>,
    later: Option<LaterAccount>,
    start: Instant,
}

/// The account of a call that names it in its body: filled in by whoever reads that.
#[derive(Clone, Debug, Default)]
pub struct LaterAccount(pub Arc<OnceLock<HeaderValue>>);

/// The tenant of a call at a public listener: filled in by whoever admits it.
#[derive(Clone, Debug, Default)]
pub struct LaterTenant(pub Arc<OnceLock<HeaderValue>>);

/// A body that is watched until its end.
#[derive(Debug)]
pub struct Recorded<B> {
    inner: B,
    record: Option<Record>,
}

impl Record {
    /// A call that begins now. Whose it is, a caller's own headers do not tell.
    pub fn new(path: &str, id: &RequestId, headers: &HeaderMap, start: Instant) -> Self {
        Self {
            instruments: Instruments::of(path),
            id: id.clone(),
            tenant: None,
            account: None,
            trace_parent: headers.get(&name::TRACEPARENT).filter(|value| trace::is_parent(value)).cloned(),
            later_tenant: None,
            later: None,
            start,
        }
    }

    /// Takes tenant and account from the headers of a peer that has admitted the caller.
    pub fn trust(&mut self, headers: &HeaderMap) {
        self.tenant = headers.get(&name::TENANT).cloned();
        self.account = headers.get(&name::ACCOUNT).cloned();
    }

    /// Names the account of a caller that was admitted.
    pub fn account(&mut self, account: HeaderValue) {
        self.account = Some(account);
    }

    /// Where the tenant will be found at the end.
    pub fn tenant_later(&mut self) -> LaterTenant {
        self.later_tenant.insert(LaterTenant::default()).clone()
    }

    /// Names who called, which is found out after the call began.
    pub fn caller(&mut self, tenant: HeaderValue) {
        self.tenant = Some(tenant);
    }

    /// Where the account will be found at the end.
    pub fn account_later(&mut self) -> LaterAccount {
        self.later.insert(LaterAccount::default()).clone()
    }

    /// Watches an answer. One that has ended with its headers is recorded at once.
    pub fn observe<B>(self, response: Response<B>) -> Response<Recorded<B>> {
        let ended = response.headers().get(&name::STATUS).map(code);
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

    fn write(mut self, code: Code, source: &str) {
        if let Some(tenant) = self.later_tenant.as_ref().and_then(|later| later.0.get()) {
            self.tenant = Some(tenant.clone());
        }
        if let Some(account) = self.later.as_ref().and_then(|later| later.0.get()) {
            self.account = Some(account.clone());
        }
        let seconds = self.start.elapsed();
        let status = code_name(code);
        let Instruments { method, calls, seconds: histogram } = self.instruments;
        if let Some(counter) = usize::try_from(code as i32).ok().and_then(|n| calls.get(n)) {
            counter.increment(1);
        }
        histogram.record(seconds.as_secs_f64());
        let text =
            |v: &Option<HeaderValue>| v.as_ref().and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let micros = u64::try_from(seconds.as_micros()).unwrap_or(u64::MAX);
        let trace_id = self.trace_parent.as_ref().and_then(trace::id).unwrap_or_default();
        let has_failed = matches!(code, Code::Internal | Code::Unknown | Code::DataLoss);
        if !has_failed
            && (*method == OTHER || !tracing::enabled!(target: "granary::call", tracing::Level::INFO))
        {
            return;
        }
        // One line of a stranger's stands for those since the one before.
        let count = if self.tenant.is_some() { Some(1) } else { STRANGERS.take() };
        let Some(count) = count else { return };
        if has_failed {
            tracing::warn!(
                target: "granary::call", request_id = self.id.as_str(), trace_id, count,
                tenant = text(&self.tenant), account = text(&self.account), method, status, micros, source, "call failed"
            );
        } else {
            tracing::info!(
                target: "granary::call", request_id = self.id.as_str(), trace_id, count,
                tenant = text(&self.tenant), account = text(&self.account), method, status, micros, source, "call"
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
            Some(Ok(frame)) => frame.trailers_ref().and_then(|t| t.get(&name::STATUS)).map(code),
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

impl<B: Outgoing> Outgoing for Recorded<B> {
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        let trailers = std::task::ready!(self.inner.poll_stalled(cx, waiting));
        if let Some(record) = self.record.take() {
            metrics::counter!("granary_stalls_ended_total").increment(1);
            record.write(trailers.get(&name::STATUS).map_or(Code::Unknown, code), "");
        }
        Poll::Ready(trailers)
    }

    fn resumed(&mut self) {
        self.inner.resumed();
    }
}

impl<B> Drop for Recorded<B> {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            record.write(Code::Cancelled, "");
        }
    }
}
