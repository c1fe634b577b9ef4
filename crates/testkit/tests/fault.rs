//! The proxy does to requests what its switches say, and nothing else.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use granary_testkit::{Fault, FaultProxy, Link};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

/// A server that answers what it was sent, and counts.
struct Echo {
    address: String,
    served: Arc<AtomicUsize>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::new(AtomicUsize::new(0));
        let count = served.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let count = count.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    count.fetch_add(1, Ordering::SeqCst);
                    async move {
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        Ok::<_, Infallible>(Response::new(Full::new(body)))
                    }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, served }
    }

    fn served(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }
}

struct Caller {
    http: reqwest::Client,
    address: String,
}

impl Caller {
    fn new(proxy: &FaultProxy) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { http, address: proxy.address() }
    }

    async fn post(&self, path: &str, body: &str) -> Result<(u16, String), reqwest::Error> {
        let answer = self.http.post(format!("{}{path}", self.address)).body(body.to_owned()).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Whether an answer comes within a short time.
    async fn answered(&self) -> bool {
        tokio::time::timeout(SHORT_TIMEOUT, self.post("/", "x")).await.is_ok()
    }
}

#[tokio::test]
async fn a_fault_befalls_the_requests_that_it_was_said_of() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    let caller = Caller::new(&proxy);
    let limit = Fault::Answer { status: 429, body: r#"{"errors": ["slow down"]}"#.to_owned() };
    proxy.next(2, "POST", "/v1/secret", limit.clone());
    proxy.next(1, "GET", "", Fault::CutBefore);
    for expected in [429, 429, 200] {
        let (status, body) = caller.post("/v1/secret/data/a?x=1", "sent").await.unwrap();
        assert_eq!(status, expected);
        assert_eq!(body, if expected == 200 { "sent" } else { r#"{"errors": ["slow down"]}"# });
        assert_eq!(caller.post("/v1/sys", "other").await.unwrap(), (200, "other".to_owned()));
    }
    assert_eq!(echo.served(), 4);
    let seen = proxy.seen();
    assert_eq!((seen.len(), &seen[0].fault, &seen[1].fault), (6, &limit, &Fault::Pass));
    assert_eq!((&*seen[0].method, &*seen[0].path), ("POST", "/v1/secret/data/a?x=1"));
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_server_has_acted() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    let caller = Caller::new(&proxy);
    proxy.next(1, "POST", "/before", Fault::CutBefore);
    proxy.next(1, "POST", "/after", Fault::CutAfter);
    caller.post("/before", "x").await.unwrap_err();
    assert_eq!(echo.served(), 0);
    caller.post("/after", "x").await.unwrap_err();
    assert_eq!(echo.served(), 1);
    assert_eq!(caller.post("/after", "x").await.unwrap().0, 200);
}

#[tokio::test]
async fn half_an_answer_is_a_whole_one_to_http() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    proxy.always(Fault::Truncate);
    let answer = Caller::new(&proxy).post("/", r#"{"data": {"value": 1}}"#).await.unwrap();
    assert_eq!(answer, (200, r#"{"data": {""#.to_owned()));
    assert_eq!(echo.served(), 1);
}

#[tokio::test]
async fn what_stalls_is_never_answered_and_what_is_delayed_is_answered_late() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    let caller = Caller::new(&proxy);
    proxy.always(Fault::Stall);
    assert!(!caller.answered().await);
    assert_eq!(echo.served(), 0);
    proxy.always(Fault::Delay(SHORT_TIMEOUT));
    let start = Instant::now();
    assert_eq!(caller.post("/", "x").await.unwrap().0, 200);
    assert!(start.elapsed() >= SHORT_TIMEOUT);
    proxy.heal().await;
    assert!(caller.answered().await);
    assert_eq!(echo.served(), 2);
}

#[tokio::test]
async fn a_refused_connection_is_told_as_such_and_the_port_comes_back() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    let caller = Caller::new(&proxy);
    caller.post("/", "x").await.unwrap();
    for _ in 0..3 {
        proxy.link(Link::Refused).await;
        assert!(caller.post("/", "x").await.unwrap_err().is_connect());
        proxy.link(Link::Up).await;
        caller.post("/", "x").await.unwrap();
    }
    assert_eq!(echo.served(), 4);
}

#[tokio::test]
async fn a_partition_holds_answers_on_their_way_until_it_heals() {
    let echo = Echo::start().await;
    let proxy = FaultProxy::start(&echo.address).await;
    let caller = Caller::new(&proxy);
    proxy.always(Fault::Delay(SHORT_TIMEOUT));
    let on_its_way = tokio::spawn({
        let (http, address) = (caller.http.clone(), caller.address.clone());
        async move { http.post(address).body("x").send().await.unwrap().text().await.unwrap() }
    });
    while proxy.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    proxy.always(Fault::Pass);
    proxy.link(Link::Partitioned).await;
    assert!(!caller.answered().await);
    tokio::time::sleep(SHORT_TIMEOUT).await;
    assert_eq!((echo.served(), on_its_way.is_finished()), (1, false));
    proxy.link(Link::Up).await;
    assert_eq!(on_its_way.await.unwrap(), "x");
    assert!(caller.answered().await);
}

#[tokio::test]
async fn what_is_no_http_passes_until_it_is_partitioned_or_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(&listener.local_addr().unwrap().to_string()).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    client.write_all(&[0x16, 3, 1]).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let mut bytes = [0; 3];
    server.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, [0x16, 3, 1]);
    proxy.link(Link::Partitioned).await;
    server.write_all(b"abc").await.unwrap();
    assert!(tokio::time::timeout(SHORT_TIMEOUT, client.read_exact(&mut bytes)).await.is_err());
    proxy.link(Link::Up).await;
    client.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"abc");
    proxy.cut().await;
    assert_eq!(client.read(&mut bytes).await.unwrap_or(0), 0);
    assert_eq!(server.read(&mut bytes).await.unwrap_or(0), 0);
}
