//! Reads are repeated where that may help; what is billed only where it was not taken up; writes never.
use std::time::{Duration, Instant};

use granary_rpc::{Deadline, Reason};

use super::server::{Server, Step, answer};
use super::{charged, client, read, send, write};
use crate::{Auth, failure};

fn cut_off() -> Step {
    Step::Part("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".into())
}

#[tokio::test]
async fn reads_survive_faults_that_pass() {
    for fault in [Step::Reset, Step::Part(String::new()), cut_off(), answer(503, "", ""), answer(429, "", "")]
    {
        let server = Server::start(vec![fault, answer(200, "", "{}")]).await;
        assert_eq!(send(&client(&server), read()).await.unwrap().status, 200);
        assert_eq!(server.requests().len(), 2);
    }
    for status in [500, 502, 504] {
        let steps = vec![answer(status, "", ""), answer(status, "", ""), answer(200, "", "")];
        let server = Server::start(steps).await;
        assert_eq!(send(&client(&server), read()).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn repeats_end() {
    let server = Server::start(vec![answer(500, "", "last")]).await;
    let answer_500 = send(&client(&server), read()).await.unwrap();
    assert_eq!((answer_500.status, answer_500.body.as_ref()), (500, b"last".as_slice()));
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(vec![Step::Reset]).await;
    let error = send(&client(&server), read()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::UpstreamUnavailable);
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(vec![cut_off()]).await;
    assert_eq!(send(&client(&server), read()).await.unwrap_err().reason(), Reason::UpstreamMalformed);
    assert_eq!(server.requests().len(), 2, "cut off twice is malformed");

    // What is left of a refusal says nothing of the upstream.
    let refusal = Step::Part("HTTP/1.1 401 Unauthorized\r\ncontent-length: 9\r\n\r\n{".into());
    let server = Server::start(vec![refusal]).await;
    assert_eq!(send(&client(&server), read()).await.unwrap_err().reason(), Reason::UpstreamUnavailable);
}

#[tokio::test]
async fn other_statuses_are_not_repeated() {
    for status in [400, 401, 402, 403, 404, 408, 409, 422, 501] {
        let server = Server::start(vec![answer(status, "", "")]).await;
        assert_eq!(send(&client(&server), read()).await.unwrap().status, status);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn writes_are_sent_once_whatever_happens() {
    for fault in [Step::Reset, Step::Part(String::new()), cut_off()] {
        let server = Server::start(vec![fault, answer(200, "", "{}")]).await;
        let error = send(&client(&server), write()).await.unwrap_err();
        assert_eq!(error.reason(), Reason::UnknownOutcome);
        assert_eq!(server.requests().len(), 1);
    }
    for status in [429, 500, 502, 503, 504] {
        let server = Server::start(vec![answer(status, "", ""), answer(200, "", "{}")]).await;
        assert_eq!(send(&client(&server), write()).await.unwrap().status, status);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_is_billed_is_repeated_only_where_it_was_not_taken_up() {
    for fault in [Step::Reset, cut_off()] {
        let server = Server::start(vec![fault, answer(200, "", "{}")]).await;
        let error = send(&client(&server), charged()).await.unwrap_err();
        assert_eq!(error.get("charge"), Some("unknown"));
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start(vec![answer(500, "", ""), answer(200, "", "{}")]).await;
    assert_eq!(send(&client(&server), charged()).await.unwrap().status, 500);
    let server = Server::start(vec![answer(429, "", ""), answer(200, "", "{}")]).await;
    assert_eq!(send(&client(&server), charged()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_wait_that_the_upstream_asks_for_is_kept() {
    let server = Server::start(vec![answer(429, "retry-after: 1\r\n", ""), answer(200, "", "{}")]).await;
    let begin = Instant::now();
    assert_eq!(send(&client(&server), read()).await.unwrap().status, 200);
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn an_upstream_that_has_had_enough_is_given_a_second_at_least() {
    for told in ["", "retry-after: 0\r\n"] {
        let server = Server::start(vec![answer(429, told, ""), answer(200, "", "{}")]).await;
        let begin = Instant::now();
        assert_eq!(send(&client(&server), read()).await.unwrap().status, 200);
        assert!(begin.elapsed() >= Duration::from_secs(1), "{told}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_handed_to_the_caller_at_once() {
    let server = Server::start(vec![answer(429, "retry-after: 30\r\n", "")]).await;
    let begin = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(4));
    let answer = client(&server).send(read(), Auth::default(), deadline).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1));
    let error = failure(answer.status, "harvest", None, answer.retry_after);
    assert_eq!(
        (error.reason(), error.retry_delay()),
        (Reason::UpstreamThrottled, Some(Duration::from_secs(30)))
    );
}
