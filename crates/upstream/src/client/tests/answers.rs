//! What goes out, and what comes back.
use std::time::Duration;

use granary_proto::granary::policy::v1::Verb;
use granary_rpc::{Deadline, Reason};
use http::HeaderName;

use super::server::{Server, Step, answer};
use super::{client, config, read, secret, send, write};
use crate::{Auth, Call, Client};

#[tokio::test]
async fn a_call_arrives_as_it_was_made() {
    let server = Server::start(vec![answer(200, "", "{}")]).await;
    let client = Client::new("harvest", &config(format!("{}/base/", server.url()))).unwrap();
    let (token, cookie) = (secret("token-1234"), secret("cookie=a&b;c d"));
    let auth = Auth::new(vec![&token, &cookie])
        .bearer(&token)
        .plain(HeaderName::from_static("harvest-account-id"), "77")
        .in_query("cookie", &cookie);
    let call = Call { query: vec![("q".into(), "a b,ä".into())], ..read() };
    client.send(call, auth, Deadline::after(Duration::from_secs(5))).await.unwrap();
    let request = &server.requests()[0];
    let line = "GET /base/things?q=a%20b%2C%C3%A4&cookie=cookie%3Da%26b%3Bc%20d HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    for header in [
        "authorization: Bearer token-1234\r\n",
        "harvest-account-id: 77\r\n",
        "user-agent: Granary/0.1 (set user_agent to a contact of yours)\r\n",
        "accept: application/json\r\n",
        "accept-encoding: identity\r\n",
    ] {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert!(!request.contains("content-length") && !request.contains("transfer-encoding"), "{request}");
}

#[tokio::test]
async fn bodies_are_json_and_writes_without_one_say_so() {
    let server = Server::start(vec![answer(201, "", "{}")]).await;
    let client = client(&server);
    let body = serde_json::from_str(r#"{"hours":1.50}"#).unwrap();
    send(&client, Call { body: Some(body), ..write() }).await.unwrap();
    send(&client, Call::new(Verb::Patch, "/things/1/stop")).await.unwrap();
    send(&client, Call::new(Verb::Delete, "/things/1")).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("content-type: application/json\r\n"), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\n{\"hours\":1.50}"), "{}", requests[0]);
    assert!(
        requests[1].starts_with("PATCH ") && requests[1].contains("content-length: 0\r\n"),
        "{}",
        requests[1]
    );
    assert!(requests[2].starts_with("DELETE "), "{}", requests[2]);
    assert_eq!(server.connections(), 1, "one connection serves calls that follow one another");
}

#[tokio::test]
async fn every_status_but_a_redirect_is_an_answer() {
    for status in [200, 201, 204, 400, 401, 404, 422] {
        let server = Server::start(vec![answer(status, "hint: x\r\n", "")]).await;
        let answer = send(&client(&server), read()).await.unwrap();
        assert_eq!((answer.status, answer.header("hint")), (status, Some("x")));
    }
}

#[tokio::test]
async fn redirects_are_never_followed_and_never_shown() {
    let elsewhere = Server::start(vec![answer(200, "", "{}")]).await;
    let location = format!("location: {}/canary\r\n", elsewhere.url());
    let server = Server::start(vec![answer(302, &location, "")]).await;
    let client = client(&server);
    let error = send(&client, read()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::UpstreamMalformed);
    assert_eq!(error.get("upstream_status"), Some("302"));
    assert!(!format!("{error:?} {:?}", error.clone().into_status()).contains("canary"));
    assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UnknownOutcome);
    assert_eq!((server.requests().len(), elsewhere.connections()), (2, 0));
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let server = Server::start(vec![answer(200, "set-cookie: session=1\r\n", "")]).await;
    let client = client(&server);
    assert_eq!(send(&client, read()).await.unwrap().header("set-cookie"), None);
    send(&client, read()).await.unwrap();
    assert!(!server.requests()[1].to_lowercase().contains("cookie"));
}

#[tokio::test]
async fn an_echoed_secret_is_masked_before_anyone_sees_it() {
    let body = r#"{"error":"key sk-canary-1 is bad","url":"/x?k=sk%2dcanary%2D1"}"#;
    let server = Server::start(vec![answer(401, "hint: sk-canary-1\r\n", body)]).await;
    let key = secret("sk-canary-1");
    let auth = Auth::default().header(HeaderName::from_static("x-api-key"), &key);
    let answer = client(&server).send(read(), auth, Deadline::after(Duration::from_secs(5))).await.unwrap();
    assert_eq!(answer.json().unwrap()["error"], "key [redacted] is bad");
    assert_eq!(answer.json().unwrap()["url"], "/x?k=[redacted]");
    assert_eq!((answer.header("hint"), answer.masked), (Some("[redacted]"), 3));
}

#[tokio::test]
async fn a_compressed_answer_is_refused_as_the_guard_cannot_read_it() {
    let server = Server::start(vec![answer(200, "content-encoding: gzip\r\n", "xx")]).await;
    let client = client(&server);
    assert_eq!(send(&client, read()).await.unwrap_err().reason(), Reason::UpstreamMalformed);
    assert_eq!(send(&client, write()).await.unwrap_err().reason(), Reason::UnknownOutcome);
}

#[tokio::test]
async fn calls_that_cannot_be_sent_fail_before_anything_is_sent() {
    let server = Server::start(vec![Step::Reset]).await;
    let client = client(&server);
    let broken = secret("canary\nbreak");
    let deadline = Deadline::after(Duration::from_secs(5));
    let error = client.send(read(), Auth::default().bearer(&broken), deadline).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Internal);
    assert!(!format!("{error:?}").contains("canary"));
    let error = send(&client, Call::new(Verb::Get, "/a/../b")).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Internal);
    assert_eq!(send(&client, Call::default()).await.unwrap_err().reason(), Reason::Internal);
    let long = Call { query: vec![("q".into(), "x".repeat(70_000))], ..read() };
    assert_eq!(send(&client, long).await.unwrap_err().reason(), Reason::LimitExceeded);
    let late = client.send(read(), Auth::default(), Deadline::after(Duration::ZERO)).await.unwrap_err();
    assert_eq!(late.reason(), Reason::DeadlineExceeded);
    assert_eq!(server.connections(), 0);
}

/// The environment belongs to the whole process, so that the call is made by a child: this very test, run again.
#[tokio::test]
async fn no_proxy_is_taken_from_the_environment() {
    const MARK: &str = "GRANARY_TEST_BEHIND_PROXY";
    let server = Server::start(vec![answer(200, "", "{}")]).await;
    if std::env::var_os(MARK).is_some() {
        assert_eq!(send(&client(&server), read()).await.unwrap().status, 200);
        return;
    }
    let proxy = Server::start(vec![answer(200, "", "{}")]).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "client::tests::answers::no_proxy_is_taken_from_the_environment"]).env(MARK, "1");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, proxy.url());
    }
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(proxy.connections(), 0);
}
