//! A link and a listener, one against the other.
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::gather::Gather;
use crate::{Limits, Link, Peer, serve};

/// How long a call of [`slow`] takes.
const WORK: Duration = Duration::from_millis(20);

type Served = JoinHandle<std::io::Result<()>>;

/// Serves on loopback what `call` answers.
fn served<F, A>(port: u16, limits: Limits, call: F) -> (SocketAddr, CancellationToken, Served)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Incoming>> + Send + 'static,
{
    let listener = crate::Listen::loopback(port).bind(false).unwrap();
    let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
    let service = tower::service_fn(move |request| {
        let answered = call(request);
        async { Ok::<_, Infallible>(answered.await) }
    });
    (address, end.clone(), tokio::spawn(serve(listener, None, limits, service, end)))
}

fn link(address: SocketAddr) -> Link {
    Link::new(Peer::plain(address.to_string(), None))
}

async fn echo(request: Request<Incoming>) -> Response<Incoming> {
    Response::new(request.into_body())
}

async fn slow(request: Request<Incoming>) -> Response<Incoming> {
    sleep(WORK).await;
    echo(request).await
}

fn post<B>(link: &Link, body: B) -> Request<B> {
    let request = Request::builder().method(Method::POST).uri(link.uri("/echo").unwrap());
    request.body(body).unwrap()
}

async fn ask(link: &Link, text: &str) -> Result<Bytes, crate::link::Error> {
    let answer = link.send(post(link, Full::new(Bytes::copy_from_slice(text.as_bytes())))).await?;
    Ok(answer.into_body().collect().await?.to_bytes())
}

#[tokio::test]
async fn bodies_larger_than_the_windows_pass_both_ways_with_their_trailers() {
    let (address, _end, _served) = served(0, Limits::default(), echo);
    let part = |n: u8| Frame::data(Bytes::from(vec![n; 100_000]));
    let mut trailers = HeaderMap::new();
    trailers.insert("last", "word".parse().unwrap());
    let mut frames: Vec<Result<_, Infallible>> = (0..30).map(|n| Ok(part(n))).collect();
    frames.push(Ok(Frame::trailers(trailers.clone())));
    let link = link(address);
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let answer = link.send(post(&link, body)).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.trailers(), Some(&trailers));
    let expected: Vec<u8> = (0..30).flat_map(|n| vec![n; 100_000]).collect();
    assert_eq!(answer.to_bytes(), expected);
}

#[tokio::test]
async fn calls_past_the_limit_of_streams_wait_and_may_be_given_up() {
    let (address, _end, _served) = served(0, Limits { max_streams: 2, ..Limits::default() }, slow);
    let link = link(address);
    // The limit is known once the connection is made.
    ask(&link, "first").await.unwrap();
    let calls = (0..20).map(|n: u32| {
        let link = link.clone();
        tokio::spawn(async move {
            // Every third one gives up while it waits or while it is answered.
            let hasty = n.is_multiple_of(3);
            let patience = if hasty { WORK + Duration::from_millis(u64::from(n)) } else { WORK * 100 };
            timeout(patience, ask(&link, &n.to_string())).await.map(|answer| (n, answer.unwrap()))
        })
    });
    for (n, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        match call.await.unwrap() {
            Ok((n, answer)) => assert_eq!(answer, n.to_string()),
            Err(_) => assert_eq!(n % 3, 0, "call {n} was never answered"),
        }
    }
    assert_eq!(ask(&link, "last").await.unwrap(), "last");
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_at_the_service() {
    struct Under(Arc<AtomicUsize>);
    impl Drop for Under {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let under_way = Arc::new(AtomicUsize::new(0));
    let counted = under_way.clone();
    let (address, _end, _served) = served(0, Limits::default(), move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        let under = Under(counted.clone());
        async move {
            sleep(Duration::from_secs(60)).await;
            drop(under);
            echo(request).await
        }
    });
    let link = link(address);
    assert!(timeout(Duration::from_millis(200), ask(&link, "")).await.is_err());
    let ended = async {
        while under_way.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), ended).await.unwrap();
}

#[tokio::test]
async fn calls_in_flight_finish_at_the_end_and_the_next_one_finds_a_new_connection() {
    let (address, end, serving) = served(0, Limits::default(), slow);
    let link = link(address);
    let in_flight = tokio::spawn({
        let link = link.clone();
        async move { ask(&link, "in flight").await.unwrap() }
    });
    sleep(WORK / 2).await;
    end.cancel();
    assert_eq!(in_flight.await.unwrap(), "in flight");
    serving.await.unwrap().unwrap();
    assert!(matches!(ask(&link, "nobody").await, Err(crate::link::Error::Connect(_))));
    let (_, _end, _served) = served(address.port(), Limits::default(), echo);
    assert_eq!(ask(&link, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_peer_that_says_nothing_any_more_is_given_up() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let near = Gather::new(near);
    let heard = near.heard();
    let (_sender, mut connection) = h2::client::handshake(near).await.unwrap();
    let pings = connection.ping_pong().unwrap();
    let _driven = tokio::spawn(connection);
    let mut server = h2::server::handshake(far).await.unwrap();
    let heard = tokio::spawn(silence(pings, heard, Duration::from_millis(10), Duration::from_secs(1)));
    // It answers as long as it is looked at.
    assert!(timeout(Duration::from_millis(200), server.accept()).await.is_err());
    assert!(!heard.is_finished());
    timeout(Duration::from_secs(5), heard).await.unwrap().unwrap();
}
