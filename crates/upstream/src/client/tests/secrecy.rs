//! Secrets and URLs stay out of errors, logs and metrics.
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use granary_rpc::{Deadline, Error, Reason};
use http::HeaderName;
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::filter::LevelFilter;

use super::server::{Server, Step, answer, closed_port};
use super::{client, config, read, secret, send, write};
use crate::{Auth, Call, Client, Config};

/// Every text that an error can be turned into.
fn texts(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    let status = error.clone().into_status();
    format!("{text} {status} {status:?} {}", String::from_utf8_lossy(status.details()))
}

#[tokio::test]
async fn no_error_and_no_log_line_holds_a_secret_or_a_query() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let broken = "HTTP/1.1 200 canary\r\ncontent-length: canary\r\n\r\n".to_owned();
    let location = "location: http://canary:canary@canary.test/?canary=1\r\n";
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for step in [
        answer(200, "hint: canary-secret\r\n", "canary-secret"),
        answer(302, location, "canary"),
        Step::Reset,
        Step::Silence,
        Step::Part(broken),
        Step::Part("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncanary".into()),
    ] {
        let server = Server::start(vec![step]).await;
        clients.push(client(&server));
        servers.push(server);
    }
    let nowhere = format!("http://127.0.0.1:{}", closed_port().await);
    clients.push(Client::new("harvest", &config(nowhere)).unwrap());

    let key = secret("canary-secret");
    for client in &clients {
        for call in [read(), write()] {
            let call = Call { query: vec![("q".into(), "canary-query".into())], ..call };
            let auth = Auth::new(vec![&key])
                .bearer(&key)
                .header(HeaderName::from_static("x-api-key"), &key)
                .in_query("cookie", &key);
            let shown = format!("{client:?} {auth:?} {call:?}");
            assert!(!shown.contains("canary"), "{shown}");
            match client.send(call, auth, Deadline::after(Duration::from_millis(700))).await {
                Ok(answer) => assert!(!format!("{answer:?}").contains("canary")),
                Err(error) => assert!(!texts(&error).contains("canary"), "{}", texts(&error)),
            }
        }
    }
    let log = log.text();
    assert!(log.contains("called upstream"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[tokio::test]
async fn requests_repeats_and_times_are_counted_without_anything_of_the_call() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(vec![answer(503, "", ""), answer(200, "", "{}"), Step::Reset]).await;
    let client = client(&server);
    send(&client, read()).await.unwrap();
    send(&client, write()).await.unwrap_err();
    let text = handle.render();
    for line in [
        "granary_upstream_requests_total{api=\"harvest\",status_class=\"5xx\"} 1",
        "granary_upstream_requests_total{api=\"harvest\",status_class=\"2xx\"} 1",
        "granary_upstream_requests_total{api=\"harvest\",status_class=\"none\"} 1",
        "granary_upstream_retries_total{api=\"harvest\"} 1",
        "granary_upstream_seconds_count{api=\"harvest\"} 3",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Large answers are looked through beside the threads that serve calls.
#[tokio::test]
async fn a_secret_in_a_large_answer_is_masked_and_its_time_is_the_calls_own() {
    let key = secret("canary-secret");
    let body = format!("[\"{}\",\"canary-secret\"]", "a".repeat(2_000_000));
    let server = Server::start(vec![answer(200, "", &body), answer(200, "", &body)]).await;
    let config = Config { max_body_bytes: 4_000_000, ..config(server.url()) };
    let client = Client::new("harvest", &config).unwrap();
    let auth = || Auth { secrets: vec![&key], ..Auth::default() };
    let answered = client.send(read(), auth(), Deadline::after(Duration::from_secs(10))).await.unwrap();
    assert_eq!(answered.masked, 1);
    assert!(answered.body.ends_with(b"\"[redacted]\"]"));

    // Whoever looks through others' answers holds nobody beyond its own deadline.
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let _busy = client.0.masking.acquire_many(u32::try_from(all).unwrap()).await.unwrap();
    let late = client.send(read(), auth(), Deadline::after(Duration::from_millis(700))).await.unwrap_err();
    assert_eq!(late.reason(), Reason::DeadlineExceeded, "{late}");
}
