//! How one caller cuts its body into frames, or how large its headers are, closes nothing that others use.
use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_testkit::hostile::{EMPTY, Ended, How, Raw, unfinished};
use granary_testkit::{Hostile, hostile};

use super::{COMPANY, Deployment, GET_ACCOUNT, HEALTH, TIME_ENTRY, again_and_again, attack_time, sized};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Begins calls of these methods again and again, and cuts each body into so many pieces of these bytes.
async fn pieces(evil: &Hostile, paths: &[&str], piece: &'static [u8], count: usize) {
    let body = unfinished(count);
    let evil = evil.clone().with_timeout("2S");
    let begun = Instant::now();
    for path in paths.iter().cycle() {
        if begun.elapsed() > attack_time() {
            break;
        }
        let Ok(mut connection) = evil.try_connect().await else { continue };
        let Some(mut call) = connection.begin(path).await else { continue };
        call.send(body.slice(..EMPTY.len()), false);
        for number in 0..count {
            if !call.send(piece, false) {
                break;
            }
            if number % 500 == 499 {
                tokio::task::yield_now().await;
            }
        }
        // Whatever comes of it is its own affair.
        call.end(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_empty_frames_does_not_close_what_tenants_share() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(300).await;
    let calling = deployment.good.start().await;
    pieces(&deployment.evil, &[COMPANY, TIME_ENTRY], b"", sized(20_000, 100_000)).await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_single_bytes_does_not_close_what_tenants_share() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(300).await;
    let calling = deployment.good.start().await;
    pieces(&deployment.evil, &[COMPANY, GET_ACCOUNT, TIME_ENTRY], b"\0", sized(20_000, 100_000)).await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_envoy_a_body_of_single_bytes_does_not_close_what_callers_share() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(300).await;
    let envoy = deployment.balancer(Duration::from_secs(10)).await;
    let calling = deployment.good.clone().at(&[&envoy.address()]).start().await;
    let evil = deployment.evil.clone().at(&envoy.address());
    pieces(&evil, &[COMPANY, GET_ACCOUNT, TIME_ENTRY], b"\0", sized(20_000, 100_000)).await;
    calling.stop().await.assert_unharmed();
}

/// Bytes of headers that are refused, and how many of their kind there are.
const LARGE: [usize; 5] = [20_000, 44_000, 48_000, 56_000, 64_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_are_too_large_are_refused_by_themselves() {
    let deployment = Deployment::open(&[]).await;
    for size in LARGE {
        let mut connection = Hostile::new(&deployment.gateway()).connect().await;
        connection.becomes(&Hostile::new(&deployment.gateway()).with_large_headers(size));
        let large = connection.call(HEALTH, EMPTY).await.expect("a call").end(TIMEOUT).await;
        assert_refused(size, &large);
        connection.becomes(&Hostile::new(&deployment.gateway()));
        let next = connection.call(HEALTH, EMPTY).await.expect("the connection goes on").end(TIMEOUT).await;
        assert!(next.is_ok(), "the call after {size} bytes of headers: {next}");
    }
    // One value of 60,000 bytes, as a token may be.
    let one = Hostile::new(&deployment.gateway()).with("x-large", &"X".repeat(60_000));
    let mut connection = one.connect().await;
    let large = connection.call(HEALTH, EMPTY).await.expect("a call").end(TIMEOUT).await;
    assert_refused(60_000, &large);
    connection.becomes(&Hostile::new(&deployment.gateway()));
    let next = connection.call(HEALTH, EMPTY).await.expect("the connection goes on").end(TIMEOUT).await;
    assert!(next.is_ok(), "the call after one header of 60,000 bytes: {next}");
}

fn assert_refused(size: usize, call: &Ended) {
    let told = call.http_status == Some(431) || call.status.as_ref().is_some_and(|s| s.code() as i32 != 0);
    assert!(told && call.how != How::Open, "{size} bytes of headers: {call}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_envoy_headers_that_are_too_large_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(300).await;
    let envoy = deployment.balancer(Duration::from_millis(500)).await;
    let calling = deployment.good.clone().at(&[&envoy.address()]).start().await;
    let stranger = Hostile::new(&envoy.address());
    again_and_again(Duration::from_millis(200), || async {
        for size in [20_000, 56_000] {
            let mut connection = stranger.clone().with_large_headers(size).connect().await;
            if let Some(call) = connection.call(COMPANY, EMPTY).await {
                call.end(TIMEOUT).await;
            }
        }
    })
    .await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eleven_hundred_early_refusals_close_no_connection() {
    let deployment = Deployment::open(&[]).await;
    let mut raw = Raw::http2(&deployment.gateway()).await;
    let late = Bytes::from(vec![0; 200]);
    let (mut stream, mut refused, mut closed) = (1, 0, None);
    let wrong = [("authorization", "Bearer wrong")];
    for _ in 0..sized(12, 40) {
        let streams: Vec<u32> = (0..100).map(|number| stream + 2 * number).collect();
        stream += 200;
        let mut bytes = Vec::new();
        for stream in &streams {
            bytes.extend(hostile::Frame::call(*stream, COMPANY, &wrong).bytes());
            bytes.extend(hostile::Frame::data(*stream, unfinished(400).slice(..200), false).bytes());
        }
        raw.send(&bytes).await;
        // The rest of each body is on its way when the refusal is.
        tokio::time::sleep(Duration::from_millis(30)).await;
        let rest: Vec<u8> =
            streams.iter().flat_map(|s| hostile::Frame::data(*s, late.clone(), false).bytes()).collect();
        raw.send(&rest).await;
        while let Some(frame) = raw.next(Duration::from_millis(20)).await {
            refused += usize::from(frame.is_headers());
            closed = closed.or(frame.goes_away());
        }
    }
    assert_eq!(closed, None, "the connection was closed after {refused} refusals");
    assert!(refused >= sized(1_200, 4_000), "{refused} were refused");
    raw.send(&hostile::Frame::call(stream, HEALTH, &[]).bytes()).await;
    raw.send(&hostile::Frame::data(stream, EMPTY, true).bytes()).await;
    let mut answered = false;
    while let Some(frame) = raw.next(TIMEOUT).await {
        if frame.stream == stream && frame.is_data() {
            answered = true;
            break;
        }
    }
    assert!(answered, "the call after {refused} refusals");
}
