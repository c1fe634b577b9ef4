//! What is no gRPC call of this contract is refused in words, and nothing of it is carried out.
use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::LogTimeEntryRequest;
use granary_proto::granary::vault::v1::GetConnectedAccountRequest;
use granary_rpc::Reason;
use granary_testkit::hostile::{self, EMPTY, Ended, Raw};
use granary_testkit::{Cluster, Hostile};
use http::Method;

use super::{Deployment, GET_ACCOUNT, HEALTH, TIME_ENTRY, sized};

const TIMEOUT: Duration = Duration::from_secs(3);

fn entry() -> Bytes {
    hostile::frame(&LogTimeEntryRequest {
        project_id: 12_345_678,
        task_id: 87_654_321,
        spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
        hours: Some(Decimal { value: "1".into() }),
        ..Default::default()
    })
}

/// Makes a call that would write, and tells what came of it and how many writes reached the vendor.
async fn write(deployment: &Deployment, caller: &Hostile, body: Bytes) -> (Ended, usize) {
    let before = deployment.sandbox.newest().await;
    let mut connection = caller.connect().await;
    let ended = connection.call(TIME_ENTRY, body).await.expect("a call").end(TIMEOUT).await;
    // What is carried out in spite of a refusal arrives a little later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let journal = deployment.sandbox.journal(before).await;
    (ended, journal.iter().filter(|call| call.method == "POST").count())
}

/// The log names a tenant and an account once they are admitted. What anybody can write into headers is no evidence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_nobody_who_was_not_admitted() {
    let deployment = Deployment::open(&[]).await;
    let forged = |caller: Hostile, account: &str| {
        caller
            .with_account(account)
            .with("granary-tenant", "forged-tenant")
            .with("granary-key-id", "forged-key")
    };
    let callers = [
        forged(Hostile::new(&deployment.gateway()), "forged-without"),
        forged(Hostile::new(&deployment.gateway()).with_key("grn_bad"), "forged-bad"),
        forged(
            Hostile::new(&deployment.gateway()).with_key(&format!(
                "grn_{}_{}",
                "x".repeat(12),
                "y".repeat(43)
            )),
            "forged-key",
        ),
        forged(Hostile::new(&deployment.cluster.address("harvest-time")), "forged-inside"),
        deployment.evil.clone().with("granary-tenant", "forged-tenant").with("granary-key-id", "forged-key"),
    ];
    for caller in &callers {
        let mut connection = caller.connect().await;
        connection.call(super::COMPANY, EMPTY).await.expect("a call").end(TIMEOUT).await;
    }
    // At credential-vault's own address, too, where a good key is admitted and what stands beside it is still nobody's word.
    let vault = deployment.cluster.address("vault");
    let at_vault = [
        forged(Hostile::new(&vault), "forged-without"),
        forged(Hostile::new(&vault).with_key("grn_bad"), "forged-bad"),
        // An account that the request does not name is refused, and not written down either.
        forged(Hostile::new(&vault).with_key(deployment.evil_client.key_text()), "forged-direct"),
        Hostile::new(&vault)
            .with_key(deployment.evil_client.key_text())
            .with("granary-tenant", "forged-tenant")
            .with("granary-key-id", "forged-key"),
    ];
    let account = hostile::frame(&GetConnectedAccountRequest { identifier: "evil-user".into() });
    for (number, caller) in at_vault.iter().enumerate() {
        let mut connection = caller.connect().await;
        let call = connection.call(GET_ACCOUNT, account.clone()).await.expect("a call");
        let ended = call.end(TIMEOUT).await;
        assert_eq!(ended.is_ok(), number == 3, "{ended}");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let logs = ["gateway", "credential-vault", "harvest-time"]
        .map(|name| deployment.cluster.process(name).log_text());
    let admitted =
        |log: &String| log.lines().any(|line| line.contains("evil-user") && line.contains("\"evil\""));
    assert!(admitted(&logs[0]), "who is admitted is named: {}", logs[0]);
    let named = |line: &str| line.contains("GetConnectedAccount") && line.contains("\"evil\"");
    assert!(logs[1].lines().any(named), "so is the tenant at the own address: {}", logs[1]);
    for log in &logs {
        assert!(!log.contains("forged"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_content_types_and_methods_are_refused_and_nothing_is_carried_out() {
    let deployment = Deployment::open(&[]).await;
    let bare = deployment.evil.clone().without("content-type");
    for good in ["application/grpc", "application/grpc+proto"] {
        let (ended, calls) = write(&deployment, &bare.clone().with("content-type", good), entry()).await;
        assert!(ended.is_ok() && calls == 1, "{good}: {ended}");
    }
    let others = [
        "text/plain",
        "application/json",
        "application/grpc+json",
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpcx",
    ];
    let mut told = Vec::new();
    for other in others {
        let (ended, calls) = write(&deployment, &bare.clone().with("content-type", other), entry()).await;
        if ended.http_status != Some(415) || calls > 0 {
            told.push(format!("{other}: {ended}, {calls} writes"));
        }
    }
    let (ended, calls) = write(&deployment, &bare, entry()).await;
    if ended.http_status != Some(415) || calls > 0 {
        told.push(format!("none: {ended}, {calls} writes"));
    }
    for second in ["application/grpc", "text/html"] {
        let (ended, calls) =
            write(&deployment, &deployment.evil.clone().with("content-type", second), entry()).await;
        if ended.http_status != Some(415) || calls > 0 {
            told.push(format!("two, of which the second is {second}: {ended}, {calls} writes"));
        }
    }
    for method in [Method::GET, Method::PUT] {
        let (ended, calls) =
            write(&deployment, &deployment.evil.clone().with_method(method.clone()), entry()).await;
        if !ended.http_status.is_some_and(|status| (400..500).contains(&status)) || calls > 0 {
            told.push(format!("{method}: {ended}, {calls} writes"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deadlines_or_two_messages_are_refused_and_nothing_is_carried_out() {
    let deployment = Deployment::open(&[]).await;
    let twice = deployment.evil.clone().with_timeout("5S").with_timeout("9S");
    let (ended, calls) = write(&deployment, &twice, entry()).await;
    assert_eq!((ended.reason(), calls), (Some(Reason::InvalidInput), 0), "two deadlines: {ended}");
    let two = [entry(), entry()].concat();
    let (ended, calls) = write(&deployment, &deployment.evil, two.into()).await;
    assert_eq!((ended.reason(), calls), (Some(Reason::InvalidInput), 0), "two messages: {ended}");
    let (ended, calls) = write(&deployment, &deployment.evil, Bytes::new()).await;
    assert!(!ended.is_ok() && ended.status.is_some() && calls == 0, "no message: {ended}");
    // What needs no key is no other: a question about health is one message, with and without more bytes behind it.
    for listener in ["gateway", "vault", "harvest-time", "linkedin-data"] {
        let mut connection = Hostile::new(&deployment.cluster.address(listener)).connect().await;
        let (two, more) = ([EMPTY, EMPTY].concat(), [EMPTY, b"more"].concat());
        for (body, good) in [(EMPTY.to_vec(), true), (two, false), (more, false), (vec![], false)] {
            let length = body.len();
            let ended = connection.call(HEALTH, body).await.expect("a call").end(TIMEOUT).await;
            let told = ended.is_ok() == good && ended.status.is_some();
            assert!(told, "{length} bytes to the health of {listener}: {ended}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_write_a_few_lines_of_log_however_many_they_are() {
    let deployment = Deployment::open(&[]).await;
    for (service, listener) in [("gateway", "gateway"), ("credential-vault", "vault")] {
        let stranger = Hostile::new(&deployment.cluster.address(listener));
        let lines = || deployment.cluster.process(service).log_text().lines().count();
        let before = lines();
        let begun = Instant::now();
        for number in 0..sized(500, 5_000) {
            let mut connection = stranger.connect().await;
            // In the middle of a question, or without a key, or by a word of HTTP/2 that nobody may say.
            if number % 2 == 0 {
                let mut call = connection.begin(HEALTH).await.expect("a call");
                call.send(&EMPTY[..2], false);
                tokio::task::yield_now().await;
                if number % 4 == 0 { call.cancel() } else { connection.hang_up().await }
            } else {
                connection.call(TIME_ENTRY, EMPTY).await.expect("a call").end(TIMEOUT).await;
            }
        }
        let seconds = usize::try_from(begun.elapsed().as_secs()).expect("a number") + 2;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let told = lines() - before;
        assert!(told <= 22 * seconds, "{service} wrote {told} lines in {seconds} s");
        assert!(told > 0, "{service} says nothing at all");
    }
}

/// The start of a TLS handshake: a ClientHello of TLS 1.3 by its first bytes, and as much as it says.
fn client_hello() -> Vec<u8> {
    let mut hello = vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
    hello.resize(5 + 200, 7);
    hello
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_and_tls_on_a_plain_port_are_answered_in_one_readable_line_and_a_clean_end() {
    let cluster = Cluster::start().await;
    let readable = |text: &str| text.starts_with("HTTP/1.1 ") && text.contains("HTTP/2") && text.is_ascii();
    let mut told = Vec::new();
    for name in ["gateway", "vault", "broker", "harvest-time", "linkedin-data"] {
        let address = cluster.address(name);
        let get = format!("GET / HTTP/1.1\r\nhost: {address}\r\nuser-agent: curl/8.0\r\n\r\n");
        let post = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: 60000\r\n\r\n{}",
            "x".repeat(60_000)
        );
        for request in [get, post] {
            let mut raw = Raw::connect(&address).await;
            raw.send(request.as_bytes()).await;
            let answer = raw.rest(TIMEOUT).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            if !answer.as_deref().is_ok_and(readable) {
                told.push(format!("HTTP/1.1 at {name}: {answer:?}"));
            }
        }
        // A TLS library calls it no TLS, and whoever looks at the bytes reads why.
        let mut raw = Raw::connect(&address).await;
        raw.send(&client_hello()).await;
        let answer = raw.rest(TIMEOUT).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if !answer.as_deref().is_ok_and(readable) {
            told.push(format!("TLS at {name}: {answer:?}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
