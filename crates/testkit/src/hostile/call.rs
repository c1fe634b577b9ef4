//! One call of a hostile caller, and how it ended.
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_rpc::{Reason, error};
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use tonic::Status;

/// A call under way. Dropped, it is cancelled.
#[derive(Debug)]
pub struct Call {
    stream: SendStream<Bytes>,
    answer: ResponseFuture,
    reads: bool,
    /// What was read, where it is to be looked at.
    kept: Option<Vec<u8>>,
    begun: Instant,
}

/// How a call or a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As it should: a call with its status, in headers or trailers.
    Answered,
    /// A stream without a status, or a connection without GOAWAY or with NO_ERROR.
    Closed,
    /// By RST_STREAM.
    Reset(h2::Reason),
    /// By GOAWAY.
    GoneAway(h2::Reason),
    /// Not in time.
    Open,
}

/// What came of a call.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub how: How,
    /// The HTTP status, once headers came.
    pub http_status: Option<u16>,
    /// The gRPC status, once one came.
    pub status: Option<Status>,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// From its begin to its end.
    pub took: Duration,
}

impl Call {
    pub(super) fn new(answer: ResponseFuture, stream: SendStream<Bytes>, reads: bool) -> Self {
        Self { stream, answer, reads, kept: None, begun: Instant::now() }
    }

    /// Sends bytes in a DATA frame of their own, as soon as windows let them pass. Whether the call still takes them.
    pub fn send(&mut self, bytes: impl Into<Bytes>, ends: bool) -> bool {
        self.stream.send_data(bytes.into(), ends).is_ok()
    }

    /// Cancels it.
    pub fn cancel(mut self) {
        self.stream.send_reset(h2::Reason::CANCEL);
    }

    /// Waits for its end, or for so long from now.
    pub async fn end(mut self, within: Duration) -> Ended {
        let mut ended = Ended::open();
        if let Ok(how) = tokio::time::timeout(within, self.read(&mut ended)).await {
            ended.how = how;
        }
        ended.took = self.begun.elapsed();
        ended
    }

    /// The same, with the bytes of the answer's body.
    pub async fn collect(mut self, within: Duration) -> (Ended, Vec<u8>) {
        self.kept = Some(Vec::new());
        let mut ended = Ended::open();
        if let Ok(how) = tokio::time::timeout(within, self.read(&mut ended)).await {
            ended.how = how;
        }
        ended.took = self.begun.elapsed();
        (ended, self.kept.take().unwrap_or_default())
    }

    async fn read(&mut self, ended: &mut Ended) -> How {
        let response = match (&mut self.answer).await {
            Ok(response) => response,
            Err(error) => return How::of(&error),
        };
        let (head, mut body) = response.into_parts();
        ended.http_status = Some(head.status.as_u16());
        if let Err(error) = self.read_body(&mut body, ended).await {
            return How::of(&error);
        }
        let trailers = match body.trailers().await {
            Ok(trailers) => trailers.unwrap_or_default(),
            Err(error) => return How::of(&error),
        };
        ended.status = status(&trailers).or_else(|| status(&head.headers));
        if ended.status.is_some() { How::Answered } else { How::Closed }
    }

    async fn read_body(&mut self, body: &mut RecvStream, ended: &mut Ended) -> Result<(), h2::Error> {
        while let Some(data) = body.data().await {
            let data = data?;
            let size = data.len();
            if let Some(kept) = &mut self.kept {
                kept.extend_from_slice(&data);
            }
            ended.bytes += size;
            if self.reads {
                body.flow_control().release_capacity(size)?;
            }
        }
        Ok(())
    }
}

impl How {
    pub(super) fn of(error: &h2::Error) -> Self {
        match error.reason() {
            Some(reason) if error.is_go_away() => Self::GoneAway(reason),
            Some(reason) => Self::Reset(reason),
            None => Self::Closed,
        }
    }
}

impl Ended {
    fn open() -> Self {
        Self { how: How::Open, http_status: None, status: None, bytes: 0, took: Duration::ZERO }
    }

    /// Whether it was carried out and answered.
    pub fn is_ok(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.code() == tonic::Code::Ok)
    }

    /// The reason that a failure gives.
    pub fn reason(&self) -> Option<Reason> {
        self.status.as_ref().and_then(error::reason_of)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {:?}, HTTP {:?}", self.how, self.took, self.http_status)?;
        match &self.status {
            Some(status) => write!(f, ", {:?} {:?}: {}", status.code(), self.reason(), status.message()),
            None => write!(f, ", no status"),
        }
    }
}

fn status(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers)
}
