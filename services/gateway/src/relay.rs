//! An answer on its way to the caller: frames untouched, trailers looked at, and an end for every call.
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Error, Reason};
use granary_server::http2::Answer;
use granary_server::stack::trailers;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;

use crate::admit::Admitted;
use crate::body::Outbound;
use crate::held::{Held, Stall};
use crate::in_flight::Permits;
use crate::outcome::Watch;
use crate::under_way::UnderWay;

/// How often it is looked how much waits for a reader that takes nothing.
const STALL_INTERVAL: Duration = Duration::from_millis(250);

/// An answer on its way to the caller. Boxed from its beginning: it is handed on a dozen times, and is large.
#[derive(Debug)]
pub(crate) struct Relay {
    source: Source,
    watch: Option<Watch>,
    deadline: Option<Deadline>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Ends the call when its caller may not go on.
    under_way: Option<UnderWay>,
    stall: Option<(Stall, Pin<Box<Sleep>>)>,
    reader: Option<Reader>,
    has_ended: bool,
}

/// Whose reader it is.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) unread: Arc<Held>,
    pub(crate) caller: Option<Admitted>,
    /// Counts the call for as long as it lasts.
    pub(crate) _place: Option<Permits>,
}

/// Where an answer comes from.
#[derive(Debug)]
enum Source {
    Own(Body),
    Service { body: Answer<Outbound>, changes: bool },
}

impl Source {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self {
            Self::Own(body) => Pin::new(body).poll_frame(cx),
            Self::Service { body, changes } => {
                let changes = *changes;
                Pin::new(body).poll_frame(cx).map_err(|error| {
                    let cut = if changes {
                        unknown_outcome("the answer was cut off")
                    } else {
                        Error::new(Reason::ServiceUnavailable, "the service's answer was cut off")
                    };
                    cut.caused_by(error).into()
                })
            }
        }
    }

    fn unread(&mut self) -> usize {
        match self {
            Self::Own(_) => 0,
            Self::Service { body, .. } => body.unread(),
        }
    }
}

impl Relay {
    /// An answer of the gateway's own.
    pub(crate) fn own(body: Body, deadline: Option<Deadline>) -> Box<Self> {
        Self::new(Source::Own(body), deadline)
    }

    /// An answer of a service.
    pub(crate) fn forwarded(
        body: Answer<Outbound>,
        changes: bool,
        watch: Option<Watch>,
        (deadline, sleep): (Deadline, Pin<Box<Sleep>>),
        under_way: Option<UnderWay>,
    ) -> Box<Self> {
        let mut relay = Self::new(Source::Service { body, changes }, Some(deadline));
        (relay.watch, relay.sleep, relay.under_way) = (watch, Some(sleep), under_way);
        relay
    }

    fn new(source: Source, deadline: Option<Deadline>) -> Box<Self> {
        Box::new(Self {
            source,
            watch: None,
            deadline,
            sleep: None,
            under_way: None,
            stall: None,
            reader: None,
            has_ended: false,
        })
    }

    /// Counts the call and what waits for its reader.
    pub(crate) fn for_reader(mut self: Box<Self>, reader: Reader) -> Box<Self> {
        self.reader = Some(reader);
        self
    }

    /// Ready where the call is over, whatever its answer does.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        if let Some(under_way) = &mut self.under_way
            && let Poll::Ready(status) = under_way.poll_refused(cx)
        {
            return Poll::Ready(status);
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let until = deadline.instant();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(sleep.as_mut().poll(cx));
        // It may have been set to an earlier time, for another purpose.
        if Instant::now() < until {
            sleep.as_mut().reset(until);
            ready!(sleep.as_mut().poll(cx));
        }
        Poll::Ready(Deadline::error().into())
    }

    /// The end, as trailers that say why.
    fn end(&mut self, status: &Status) -> HeaderMap {
        self.has_ended = true;
        self.stall = None;
        // The call is over for the service, too.
        self.source = Source::Own(Body::empty());
        trailers(status)
    }
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        let frame = match this.source.poll(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => Some(Err(ready!(this.poll_over(cx)))),
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(match frame.into_trailers() {
                Ok(mut trailers) => {
                    let outcome = strip(&mut trailers);
                    if let Some(watch) = this.watch.take() {
                        watch.ended(trailers.get(&name::STATUS), outcome.as_ref());
                    }
                    Frame::trailers(trailers)
                }
                Err(frame) => frame,
            })),
            // Trailers can still be sent, and say more than a reset.
            Some(Err(status)) => Some(Ok(Frame::trailers(this.end(&status)))),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
            || match &self.source {
                Source::Own(body) => body.is_end_stream(),
                Source::Service { body, .. } => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(body) => body.size_hint(),
            Source::Service { body, .. } => body.size_hint(),
        }
    }
}

impl granary_server::Outgoing for Relay {
    fn poll_stalled(&mut self, cx: &mut Context<'_>, waiting: usize) -> Poll<HeaderMap> {
        if let Poll::Ready(status) = self.poll_over(cx) {
            return Poll::Ready(self.end(&status));
        }
        let Some(reader) = &self.reader else { return Poll::Pending };
        let (stall, look) = self.stall.get_or_insert_with(|| {
            let tenant = reader.caller.as_ref().map_or("", |caller| caller.principal().tenant.as_str());
            (reader.unread.stalled(tenant), Box::pin(tokio::time::sleep(STALL_INTERVAL)))
        });
        loop {
            stall.holds(waiting + self.source.unread());
            if let Poll::Ready(status) = stall.poll_ended(cx) {
                return Poll::Ready(self.end(&status));
            }
            ready!(look.as_mut().poll(cx));
            look.as_mut().reset(Instant::now() + STALL_INTERVAL);
        }
    }

    fn resumed(&mut self) {
        self.stall = None;
    }
}

/// Takes out what a service says of a credential: it is for the broker, not for the caller.
pub(crate) fn strip(headers: &mut HeaderMap) -> Option<http::HeaderValue> {
    headers.remove(&name::CREDENTIAL_OUTCOME)
}

/// A change that was sent and whose answer did not arrive.
pub(crate) fn unknown_outcome(what: &str) -> Error {
    let text = format!("{what}; whether the change was made is not known: look before repeating it");
    Error::new(Reason::UnknownOutcome, text)
}
