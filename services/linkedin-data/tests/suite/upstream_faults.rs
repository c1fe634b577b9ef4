//! What goes wrong between us and the vendors, for every tool: the right reason, and no credential off its host.
use std::time::Duration;

use granary_linkedin_data::Config;
use granary_proto::Method;
use granary_proto::granary::policy::v1::{Api, Effect};
use granary_rpc::Reason::{self, *};
use granary_rpc::metadata::CREDENTIAL_OUTCOME;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic_types::StatusExt;

use crate::stub::{Canned, SILENT, Stub};
use crate::tools::{TOKEN, good, held, methods};
use crate::wire::{Answered, Service, detail, reason};
use crate::{KEY, service_with};

/// Both vendors at one address, with little patience and no repeats.
fn config(url: &str) -> Config {
    let mut config = Config::default();
    for vendor in [&mut config.harvestapi, &mut config.apify] {
        url.clone_into(&mut vendor.base_url);
        vendor.read_timeout_ms = 400;
        vendor.retries = 0;
        vendor.max_body_bytes = 64 << 10;
    }
    config
}

fn endpoint(method: &Method) -> (&'static str, &str, bool) {
    let upstream = method.upstream.as_ref().unwrap();
    let post = if upstream.verb() == granary_upstream::Verb::Post { "POST" } else { "GET" };
    (post, &upstream.path, upstream.api() == Api::Apify)
}

fn answer(method: &Method, status: u16, body: &str) -> Canned {
    let (verb, path, _) = endpoint(method);
    Canned::new(verb, &path.replace("{run_id}", "runInvented01"), status, body.to_owned())
}

async fn call(service: &Service, method: &Method) -> Result<Answered, tonic::Status> {
    service.call_as(&method.path, &held(method), &good(&method.tool)).await
}

/// The reason of a status, for what only reads, and for what changes something. What refuses a credential, money or a right in
/// another form than the vendor's is not the vendor.
const STATUSES: [(u16, Reason, Reason); 12] = [
    (400, UpstreamUnavailable, UnknownOutcome),
    (401, UpstreamUnavailable, UnknownOutcome),
    (402, UpstreamUnavailable, UnknownOutcome),
    (403, UpstreamUnavailable, UnknownOutcome),
    (404, UpstreamUnavailable, UnknownOutcome),
    (409, UpstreamUnavailable, UnknownOutcome),
    (418, UpstreamUnavailable, UnknownOutcome),
    (422, UpstreamUnavailable, UnknownOutcome),
    (429, UpstreamThrottled, UpstreamThrottled),
    (500, UpstreamUnavailable, UnknownOutcome),
    (503, UpstreamUnavailable, UnknownOutcome),
    (302, UpstreamMalformed, UnknownOutcome),
];

#[tokio::test]
async fn every_status_has_its_reason_for_every_tool() {
    for method in methods() {
        let elsewhere = Stub::start(vec![]).await;
        let canned = STATUSES.iter().map(|(status, ..)| {
            answer(method, *status, "{}").header("location", &format!("{}/elsewhere", elsewhere.url))
        });
        let upstream = Stub::start(canned.collect()).await;
        let service = service_with(&config(&upstream.url)).await;
        for (status, read, write) in STATUSES {
            let outcome = call(&service, method).await;
            let expected = if method.is_read() { read } else { write };
            assert_eq!(reason(&outcome), expected, "{} {status}", method.tool);
            let failed = outcome.unwrap_err();
            assert_eq!(failed.metadata().get(CREDENTIAL_OUTCOME), None, "{} {status}", method.tool);
            let wait = failed.get_details_retry_info().and_then(|info| info.retry_delay);
            // A member's own limit, which lasts for hours or weeks, is told by an envelope.
            assert_eq!(wait.is_some(), status == 429, "{} {status}", method.tool);
        }
        assert!(elsewhere.seen().is_empty(), "{} followed a redirect", method.tool);
        only_its_own_credentials(method, &upstream);
    }
}

#[tokio::test]
async fn a_page_is_nobodys_word_on_what_was_asked_for() {
    const STATUSES: [u16; 6] = [400, 404, 409, 422, 429, 499];
    for method in methods() {
        let page = "<html><body>Just a moment</body></html>";
        let upstream = Stub::start(STATUSES.map(|status| answer(method, status, page)).to_vec()).await;
        let service = service_with(&config(&upstream.url)).await;
        for status in STATUSES {
            let outcome = call(&service, method).await;
            let expected = if method.is_read() { UpstreamUnavailable } else { UnknownOutcome };
            assert_eq!(reason(&outcome), expected, "{} {status}", method.tool);
            let failed = outcome.unwrap_err();
            assert_eq!(detail(&failed, "answered_by").as_deref(), Some("intermediary"), "{}", method.tool);
            let is_own = method.upstream.as_ref().is_some_and(|upstream| upstream.api() == Api::Harvestapi);
            let is_charged = is_own && method.effect == Effect::ChargedRead;
            let charge = detail(&failed, "charge");
            assert_eq!(charge.as_deref(), is_charged.then_some("unknown"), "{} {status}", method.tool);
        }
    }
}

/// What gateways and frameworks write in JSON, which could else be taken for a vendor's.
#[tokio::test]
async fn a_gateways_json_is_nobodys_word_on_what_was_asked_for() {
    let at = "2026-03-31T08:00:00.000+00:00";
    let answers = [
        (503, json!({"message": "Service Unavailable"})),
        (503, json!({"timestamp": at, "status": 503, "error": "Service Unavailable", "path": "/"})),
        (503, json!({"error": {"code": 503, "message": "backend is away", "status": "UNAVAILABLE"}})),
        (404, json!({"timestamp": at, "status": 404, "error": "Not Found", "path": "/"})),
        (404, json!({"error": {"code": 404, "message": "Not found."}})),
        (404, json!({"error": "Not Found"})),
        (400, json!({"statusCode": 400, "message": "Bad Request", "error": "Bad Request"})),
        (402, json!({"statusCode": 402, "error": "Payment Required"})),
        (403, json!({"message": "Missing Authentication Token"})),
    ];
    for method in methods() {
        for (status, body) in &answers {
            let canned = vec![answer(method, *status, &body.to_string()); 4];
            let upstream = Stub::start(canned).await;
            let outcome = call(&service_with(&config(&upstream.url)).await, method).await;
            let expected = if method.is_read() { UpstreamUnavailable } else { UnknownOutcome };
            assert_eq!(reason(&outcome), expected, "{} {status} {body}", method.tool);
        }
    }
}

#[tokio::test]
async fn upstream_says_how_long_to_wait() {
    for method in methods() {
        let upstream = Stub::start(vec![answer(method, 429, "").header("retry-after", "41")]).await;
        let status = call(&service_with(&config(&upstream.url)).await, method).await.unwrap_err();
        let wait = status.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(wait, Some(Duration::from_secs(41)), "{}", method.tool);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_has_its_reason_for_every_tool() {
    let huge = format!("{{\"status\":200,\"element\":{{\"id\":\"{}\"}}}}", "x".repeat(80 << 10));
    let nonsense = r#"{"status": 200, "element": 7, "elements": {"a": 1}, "data": 8}"#;
    for method in methods() {
        let upstream = Stub::start(vec![
            answer(method, 200, "{\"status\": 20"),
            answer(method, 200, "<html>Bad Gateway</html>"),
            answer(method, 200, ""),
            answer(method, 200, &huge),
            answer(method, SILENT, ""),
            answer(method, 200, nonsense),
        ])
        .await;
        let service = service_with(&config(&upstream.url)).await;
        let expected = if method.is_read() { UpstreamMalformed } else { UnknownOutcome };
        for case in ["half of JSON", "a page", "nothing", "a huge body"] {
            assert_eq!(reason(&call(&service, method).await), expected, "{} {case}", method.tool);
        }
        let silent = if method.is_read() { UpstreamUnavailable } else { UnknownOutcome };
        assert_eq!(reason(&call(&service, method).await), silent, "{}: silence", method.tool);
        assert_eq!(reason(&call(&service, method).await), expected, "{}: wrong types", method.tool);
        only_its_own_credentials(method, &upstream);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_its_reason_for_every_tool() {
    let (listener, address) = crate::wire::listen().await;
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 16 << 10];
            let _ = socket.read(&mut request).await;
            let half =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"status\"";
            let _ = socket.write_all(half.as_bytes()).await;
            let _ = socket.shutdown().await;
            let _ = socket.read(&mut request).await;
        }
    });
    let service = service_with(&config(&format!("http://{address}"))).await;
    for method in methods() {
        let expected = if method.is_read() { UpstreamMalformed } else { UnknownOutcome };
        assert_eq!(reason(&call(&service, method).await), expected, "{}", method.tool);
    }
    server.abort();
}

#[tokio::test]
async fn an_upstream_that_is_not_there_was_sent_nothing() {
    let closed = crate::wire::listen().await.1;
    let service = service_with(&config(&format!("http://{closed}"))).await;
    for method in methods() {
        assert_eq!(reason(&call(&service, method).await), UpstreamUnavailable, "{}", method.tool);
    }
}

#[tokio::test]
async fn a_body_that_tells_another_status_is_believed() {
    for method in methods().into_iter().filter(|method| !endpoint(method).2) {
        let body = |status: u16| {
            json!({"status": status, "cost": 0.004, "element": null, "elements": []}).to_string()
        };
        let canned = [400, 402, 404, 429].map(|status| answer(method, 200, &body(status)));
        let upstream = Stub::start(canned.to_vec()).await;
        let service = service_with(&config(&upstream.url)).await;
        for expected in [UpstreamInvalidInput, OutOfCredit, UpstreamNotFound, UpstreamThrottled] {
            let outcome = call(&service, method).await;
            assert_eq!(reason(&outcome), expected, "{}", method.tool);
            let status = outcome.unwrap_err();
            assert_eq!(status.metadata().get("granary-charge-micros").unwrap(), "4000", "{}", method.tool);
        }
    }
}

/// A call carries what its method declares, and nothing else, to the vendor that it is meant for.
fn only_its_own_credentials(method: &Method, upstream: &Stub) {
    let apify = endpoint(method).2;
    assert!(!upstream.seen().is_empty());
    for seen in upstream.seen() {
        let header = |name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let wanted = if apify { None } else { Some(KEY.to_owned()) };
        assert_eq!(header("x-api-key"), wanted, "{}", method.tool);
        assert_eq!(header("authorization"), apify.then(|| format!("Bearer {TOKEN}")), "{}", method.tool);
        // Asking whose fault a refusal was needs the key alone.
        let session = method.needs.len() == 2 && seen.path != "/users/my-api-user";
        assert_eq!(seen.query.contains("cookie="), session, "{} {}", method.tool, seen.path);
        assert!(!seen.query.contains(KEY) && !seen.query.contains(TOKEN), "{}", method.tool);
    }
}
