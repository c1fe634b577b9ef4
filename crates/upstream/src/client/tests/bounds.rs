//! Every wait ends, every answer is bounded, and a write whose fate is open says so.
use std::time::{Duration, Instant};

use granary_rpc::{Deadline, Reason};

use super::server::{Server, Step, black_hole, closed_port};
use super::{charged, client, config, read, send, write};
use crate::{Auth, Client, Config};

const TIMEOUT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn silence_ends_at_the_read_timeout() {
    for step in [Step::Silence, Step::Stall("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".into())] {
        let server = Server::start(vec![step]).await;
        let client = client(&server);
        let begin = Instant::now();
        let error = send(&client, read()).await.unwrap_err();
        assert_eq!(error.reason(), Reason::UpstreamUnavailable);
        assert!(error.to_string().contains("in time"), "{error}");
        assert!((400..1_500).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
        assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UnknownOutcome);
        let error = send(&client, charged()).await.unwrap_err();
        assert_eq!((error.reason(), error.get("charge")), (Reason::UpstreamUnavailable, Some("unknown")));
        assert_eq!(server.requests().len(), 3, "what was sent and not answered is not repeated");
    }
}

#[tokio::test]
async fn the_callers_deadline_comes_before_every_timeout() {
    let server = Server::start(vec![Step::Silence]).await;
    let client = client(&server);
    for (call, reason) in [
        (read(), Reason::DeadlineExceeded),
        (charged(), Reason::DeadlineExceeded),
        (write(), Reason::UnknownOutcome),
    ] {
        let begin = Instant::now();
        let error = client.send(call, Auth::default(), Deadline::after(TIMEOUT)).await.unwrap_err();
        assert_eq!(error.reason(), reason);
        assert!(begin.elapsed() < Duration::from_millis(450), "{:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn the_total_timeout_is_the_upstreams_failure() {
    let server = Server::start(vec![Step::Silence]).await;
    let client = Client::new("harvest", &Config { total_timeout_ms: 200, ..config(server.url()) }).unwrap();
    assert_eq!(send(&client, read()).await.unwrap_err().reason(), Reason::UpstreamUnavailable);
    assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UnknownOutcome);
}

#[tokio::test]
async fn a_write_that_never_left_is_not_of_unknown_outcome() {
    let refused = format!("http://127.0.0.1:{}", closed_port().await);
    let client = Client::new("harvest", &config(refused)).unwrap();
    for call in [read(), charged(), write()] {
        let error = send(&client, call).await.unwrap_err();
        assert_eq!((error.reason(), error.get("charge")), (Reason::UpstreamUnavailable, None));
        assert_eq!(error.to_string(), "harvest cannot be reached");
        assert!(std::error::Error::source(&error).is_some());
    }

    let (port, _held) = black_hole().await;
    let config = config(format!("http://127.0.0.1:{port}"));
    let client = Client::new("harvest", &config).unwrap();
    let error = client.send(write(), Auth::default(), Deadline::after(TIMEOUT)).await.unwrap_err();
    assert_eq!(error.reason(), Reason::DeadlineExceeded);
    let begin = Instant::now();
    assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UpstreamUnavailable);
    assert!((400..2_000).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn answers_over_the_limit_are_refused_whether_announced_or_not() {
    let body = "x".repeat(1_001);
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{body}");
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n");
    for text in [announced, chunked] {
        let server = Server::start(vec![Step::Part(text)]).await;
        let client = client(&server);
        let error = send(&client, read()).await.unwrap_err();
        assert_eq!(error.reason(), Reason::UpstreamMalformed);
        assert_eq!(error.to_string(), "harvest sent an answer larger than 1000 bytes");
        assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UnknownOutcome);
        assert_eq!(server.requests().len(), 2);
    }
    let fits = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}", "x".repeat(1_000));
    let server = Server::start(vec![Step::Answer(fits)]).await;
    assert_eq!(send(&client(&server), read()).await.unwrap().body.len(), 1_000);
}

#[tokio::test]
async fn large_answers_wait_for_room_and_where_there_is_none_what_may_be_billed_is_told() {
    let body = "x".repeat(400 << 10);
    let server = Server::start(vec![super::server::answer(200, "", &body)]).await;
    let config = Config {
        max_body_bytes: 1 << 20,
        max_answer_bytes_in_flight: 500 << 10,
        total_timeout_ms: 400,
        ..config(server.url())
    };
    let client = Client::new("harvest", &config).unwrap();
    let held = send(&client, read()).await.unwrap();
    for (call, reason, charge) in [
        (read(), Reason::Overloaded, None),
        (charged(), Reason::Overloaded, Some("unknown")),
        (write(), Reason::UnknownOutcome, None),
    ] {
        let error = send(&client, call).await.unwrap_err();
        assert_eq!((error.reason(), error.get("charge")), (reason, charge), "{error}");
        assert_eq!(error.retry_delay().is_some(), reason == Reason::Overloaded);
    }
    let (one, other) = (held.clone(), Deadline::after(TIMEOUT));
    let making = one.making(other).await.unwrap();
    assert_eq!(held.making(other).await.unwrap_err().reason(), Reason::Overloaded);
    drop((making, one, held));
    send(&client, read()).await.unwrap();
}
