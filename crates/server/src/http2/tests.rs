//! A pool and listeners, one against the other, over real sockets.
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Limits, Peer};

mod calls;
mod listener;
mod neighbours;
mod spread;

/// How long a call of [`slow`] takes.
const WORK_DELAY: Duration = Duration::from_millis(20);

type Served = JoinHandle<std::io::Result<()>>;

impl<S> Outgoing for StreamBody<S> where Self: Body<Data = Bytes> + Unpin {}

/// Serves on loopback what `call` answers, to anyone or to peers.
fn served_to<F, A>(
    is_public: bool,
    port: u16,
    limits: Limits,
    call: F,
) -> (SocketAddr, CancellationToken, Served)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Incoming>> + Send + 'static,
{
    let listener = crate::Listen::loopback(port).bind().unwrap();
    let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
    let service = tower::service_fn(move |request| {
        let answered = call(request);
        async { Ok::<_, Infallible>(answered.await) }
    });
    let listening = Listening { tls: None, limits: Arc::new(limits), is_public, end: end.clone() };
    (address, end, tokio::spawn(serve(listener, listening, service)))
}

/// Serves peers.
fn served<F, A>(port: u16, limits: Limits, call: F) -> (SocketAddr, CancellationToken, Served)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Incoming>> + Send + 'static,
{
    served_to(false, port, limits, call)
}

/// A pool over these addresses.
fn pool(addresses: &[SocketAddr]) -> Pool {
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Pool::new(Peer::plain(list.join(","), None))
}

async fn echo(request: Request<Incoming>) -> Response<Incoming> {
    Response::new(request.into_body())
}

async fn slow(request: Request<Incoming>) -> Response<Incoming> {
    sleep(WORK_DELAY).await;
    echo(request).await
}

fn post(pool: &Pool) -> Request<()> {
    let request = Request::builder().method(Method::POST).header("content-type", "application/grpc");
    request.uri(pool.uri("/echo").unwrap()).body(()).unwrap()
}

fn text(text: &str) -> Full<Bytes> {
    Full::new(Bytes::copy_from_slice(text.as_bytes()))
}

async fn ask(pool: &Pool, word: &str) -> Result<Bytes, Error> {
    let answer = pool.send(post(pool), text(word)).await.map_err(|failed| failed.error)?;
    Ok(answer.into_body().collect().await.map_err(Error::Broken)?.to_bytes())
}

/// Frames of so many bytes each, and nothing else.
fn frames(
    count: usize,
    size: usize,
) -> StreamBody<impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>> + Unpin> {
    let frame = Bytes::from(vec![7; size]);
    StreamBody::new(futures_util::stream::iter((0..count).map(move |_| Ok(Frame::data(frame.clone())))))
}
