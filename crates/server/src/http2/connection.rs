//! One connection of a caller: its calls, its limits and its end.
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, SendResponse};
use http::{Request, Response};
use metrics::{Counter, Gauge};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tower::Service;

use super::body::Incoming;
use super::coalesce::{Coalesce, Signs};
use super::listening::{HANDSHAKE_TIMEOUT, Listening};
use super::packing::Packing;
use super::send_body::{Outgoing, SendBody};
use super::turn::{FAREWELL_TIMEOUT, Over, Turn};
use super::{
    CONNECTION_WINDOW, INNER_FRAME_BUDGET, RESETS_REMEMBERED, STREAM_WINDOW, keepalive, reasons, refusal,
};
use crate::encoding::{self, ACCEPT_ENCODING, ACCEPTED, ENCODING, GZIP};
use crate::open_streams::Connection;
use crate::throttle::Throttle;

/// How often a caller must show that it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long it may take for that.
const PONG_TIMEOUT: Duration = Duration::from_secs(10);
/// Headers up to this many times the limit are read and answered; what is longer ends the connection.
const HEADER_SLACK: u32 = 16;
/// Streams that may be taken back before they were looked at. What arrives in one turn is looked at in the same turn, so that
/// this bounds the memory of a turn and not how often a caller takes calls back: behind a balancer the connection is shared by
/// all its callers, and one of them must not end it.
const MAX_PENDING_RESETS: usize = 16_384;
/// Frames on streams that are long over which may be answered by a reset in the life of a connection.
const MAX_LATE_FRAMES: usize = 16_384;
/// A call that is refused before its body has arrived is reset; for so long, what still arrives of so many of them is passed
/// over, and not taken for a fault of the caller's. It is more than a thread can refuse in that time, so that the time is what
/// bounds their memory: one caller behind a balancer refused 16,000 times a second would else end the calls of all of them.
const LATE_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_LATE_STREAMS: usize = 65_536;
/// What small frames may cost a public listener before they are read: as much as what all streams of a connection may hold in
/// large ones. One caller behind a balancer can cut its bodies so small that a turn brings thousands.
const FRAME_BUDGET: usize = 64 * 1024 * 1024;

static ABUSERS: Throttle = Throttle::new();

/// Calls under way on one connection: all of them, and those that need no key, which delay no end.
#[derive(Clone, Debug, Default)]
struct Calls(Arc<[AtomicUsize; 2]>);

#[derive(Debug)]
struct InFlight(Calls, bool);

/// Looked up once: a label's text costs more than the count.
static STREAMS: LazyLock<Gauge> = LazyLock::new(|| metrics::gauge!("granary_streams"));
static RESET: LazyLock<Counter> = LazyLock::new(|| metrics::counter!("granary_streams_reset_total"));

impl Calls {
    fn begin(&self, is_open: bool) -> InFlight {
        let [all, open] = &*self.0;
        all.fetch_add(1, Ordering::Relaxed);
        open.fetch_add(is_open.into(), Ordering::Relaxed);
        STREAMS.increment(1.0);
        InFlight(self.clone(), is_open)
    }

    /// Whether nothing is under way that counts; at the end, health and reflection do not.
    fn is_idle(&self, ending: bool) -> bool {
        let [all, open] = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        all <= if ending { open } else { 0 }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let [all, open] = &*self.0.0;
        all.fetch_sub(1, Ordering::Relaxed);
        open.fetch_sub(self.1.into(), Ordering::Relaxed);
        STREAMS.decrement(1.0);
    }
}

fn builder(listening: &Listening) -> Builder {
    let limits = &listening.limits;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(limits.max_streams)
        .max_header_list_size(limits.max_header_bytes.saturating_mul(HEADER_SLACK))
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_window_size(STREAM_WINDOW);
    if listening.is_public {
        builder
            .max_concurrent_reset_streams(MAX_LATE_STREAMS)
            .reset_stream_duration(LATE_TIMEOUT)
            .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
            .max_local_error_reset_streams(Some(MAX_LATE_FRAMES))
            .data_frame_budget(FRAME_BUDGET);
    } else {
        builder
            .max_concurrent_reset_streams(RESETS_REMEMBERED)
            .max_pending_accept_reset_streams(usize::MAX)
            .max_local_error_reset_streams(None)
            .data_frame_budget(INNER_FRAME_BUDGET);
    }
    builder
}

/// The calls of one connection.
pub(super) async fn calls<S, B, I>(stream: I, address: SocketAddr, listening: &Listening, mut service: S)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = Coalesce::new(stream);
    let stream = if listening.is_public { stream.wary() } else { stream };
    let signs = stream.signs();
    let mut served = pin!(serve(stream, &signs, address, listening, &mut service));
    // Whatever is read in a turn is answered in it, and the next one comes after everybody else's.
    poll_fn(|cx| {
        signs.begin_turn();
        served.as_mut().poll(cx)
    })
    .await;
}

async fn serve<S, B, I>(
    stream: Coalesce<I>,
    signs: &Signs,
    address: SocketAddr,
    listening: &Listening,
    service: &mut S,
) where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut end = pin!(listening.end.cancelled());
    let handshake = builder(listening).handshake::<_, Bytes>(stream);
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake) => shaken,
        () = &mut end => return,
    };
    let Ok(Ok(mut connection)) = shaken else { return };
    let Some(pings) = connection.ping_pong() else { return };
    let mut silence = pin!(keepalive::silence(pings, signs.clone(), PING_INTERVAL, PONG_TIMEOUT));
    let (calls, shared) = (Calls::default(), Connection::default());
    let mut turn = Turn::new(listening);
    let mut timer = pin!(sleep_until(turn.next));
    loop {
        tokio::select! {
            biased;
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    turn.used = true;
                    begin(request, respond, listening, service, (&calls, &shared));
                }
                Some(Err(_)) if signs.is_flooded() => {
                    reasons::sent(Reason::ENHANCE_YOUR_CALM);
                    return closed("frames", address);
                }
                Some(Err(error)) => return ended(&error, address),
                None => return,
            },
            () = &mut end, if !turn.ending => {
                turn.ending = true;
                reasons::sent(Reason::NO_ERROR);
                connection.graceful_shutdown();
                timer.as_mut().reset(Instant::now() + FAREWELL_TIMEOUT);
            }
            why = &mut silence => return closed(why.text(), address),
            () = &mut timer => {
                match turn.over(calls.is_idle(turn.ending)) {
                    // A caller that owes a pong delays nothing.
                    Over::Close => return,
                    Over::Farewell(why) => {
                        turn.ending = true;
                        metrics::counter!("granary_connections_closed_total", "side" => "server", "reason" => why).increment(1);
                        reasons::sent(Reason::NO_ERROR);
                        connection.graceful_shutdown();
                    }
                    Over::No => {}
                }
                timer.as_mut().reset(turn.next);
            }
        }
    }
}

fn begin<S, B>(
    request: Request<h2::RecvStream>,
    respond: SendResponse<Bytes>,
    listening: &Listening,
    service: &mut S,
    (calls, shared): (&Calls, &Connection),
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut request = request.map(Incoming::new);
    let is_open = request.uri().path().starts_with("/grpc.");
    if is_open {
        // Health and reflection count the streams of a connection.
        request.extensions_mut().insert(shared.clone());
    }
    if let Some((limit, response)) = refusal::check(&request, &listening.limits) {
        metrics::counter!("granary_refusals_total", "limit" => limit).increment(1);
        let (refused, in_flight) =
            (refusal::tell(request.into_body(), respond, response), calls.begin(is_open));
        tokio::spawn(async move {
            refused.await;
            drop(in_flight);
        });
        return;
    }
    let above = listening.limits.compress_answers_above;
    let packs = (above > 0 && encoding::takes_gzip(request.headers())).then_some(above);
    let (call, in_flight) = (service.call(request), calls.begin(is_open));
    // Boxed, since a task is moved several times before it runs and when it ends.
    tokio::spawn(Box::pin(async move {
        answer(call, respond, packs).await;
        drop(in_flight);
    }));
}

/// Answers one call, unless the caller takes it back. One that was taken back already is not begun.
async fn answer<F, B>(call: F, mut respond: SendResponse<Bytes>, packs: Option<usize>)
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut call = pin!(call);
    let mut begun = false;
    let answered = poll_fn(|cx| {
        if !std::mem::replace(&mut begun, true) && respond.poll_reset(cx).is_ready() {
            return Poll::Ready(None);
        }
        match call.as_mut().poll(cx) {
            Poll::Ready(answered) => Poll::Ready(Some(answered)),
            Poll::Pending => respond.poll_reset(cx).map(|_| None),
        }
    });
    let Some(Ok(response)) = answered.await else { return RESET.increment(1) };
    let (mut head, body) = response.into_parts();
    let ended = body.is_end_stream();
    head.headers.insert(ACCEPT_ENCODING, ACCEPTED);
    let packs = packs.filter(|_| !ended);
    if packs.is_some() {
        head.headers.insert(ENCODING, GZIP);
    }
    match respond.send_response(Response::from_parts(head, ()), ended) {
        Ok(_) if ended => {}
        Ok(stream) => {
            let mut sending = SendBody::new(Packing::new(body, packs), stream);
            (&mut sending).await;
            if sending.is_taken_back() {
                RESET.increment(1);
            }
        }
        Err(_) => respond.send_reset(Reason::INTERNAL_ERROR),
    }
}

/// A broken connection is the peer's business; one that was closed for what the peer did is told.
fn ended(error: &h2::Error, address: SocketAddr) {
    reasons::count(error, "server");
    if error.is_go_away() && !error.is_remote() {
        closed(error.reason().map_or("UNKNOWN", reasons::text), address);
    }
}

fn closed(reason: &'static str, address: SocketAddr) {
    metrics::counter!("granary_connections_closed_total", "side" => "server", "reason" => reason)
        .increment(1);
    if let Some(count) = ABUSERS.take() {
        tracing::warn!(%address, reason, count, "a connection was closed for what its peer did");
    }
}
