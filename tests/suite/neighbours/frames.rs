//! What callers without a key can do by frames alone, or by less than one.
use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_testkit::hostile::{Frame, Raw, frame_of};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Deployment, HEALTH, WATCH, attack_time, sized};

/// GOAWAY's reason for a caller that floods.
const CALM: u32 = 0x0b;
/// The setting of the window with which streams begin.
const INITIAL_WINDOW: [u8; 2] = [0, 4];
/// Streams that may be open on a connection, less a few.
const STREAMS: u32 = 250;

/// So many calls on one connection, of which none ends.
fn unended(path: &str, body: &Bytes, count: u32, ends: bool) -> Vec<u8> {
    let streams = (0..count).map(|n| 2 * n + 1);
    streams
        .flat_map(|stream| [Frame::call(stream, path, &[]), Frame::data(stream, body.clone(), ends)])
        .flat_map(|frame| frame.bytes())
        .collect()
}

/// Asks for another window again and again, each of which is a look at every open stream; and again on a new connection. Says
/// how many connections were told to calm down.
async fn ask_for_windows(address: String) -> usize {
    let window =
        |bytes: u32| Frame::new(Frame::SETTINGS, 0, 0, [&INITIAL_WINDOW[..], &bytes.to_be_bytes()].concat());
    let flood = [window(65_535).bytes(), window(65_534).bytes()].concat().repeat(300);
    let (begun, mut told) = (Instant::now(), 0);
    while begun.elapsed() < attack_time() {
        let mut raw = Raw::http2(&address).await;
        raw.send(&unended(HEALTH, &Bytes::from_static(&[0]), STREAMS, false)).await;
        while begun.elapsed() < attack_time() {
            if !timeout(Duration::from_secs(1), raw.send(&flood)).await.unwrap_or(false) {
                break;
            }
        }
        while let Some(frame) = raw.next(Duration::from_secs(1)).await {
            told += usize::from(frame.goes_away().map(u32::from) == Some(CALM));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_again_and_again_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let mut attackers = JoinSet::new();
    for _ in 0..sized(12, 40) {
        attackers.spawn(ask_for_windows(deployment.gateway()));
    }
    let told: usize = attackers.join_all().await.into_iter().sum();
    calling.stop().await.assert_unharmed();
    // Who writes without reading may lose the last word with its connection.
    println!("{told} connections were told to calm down");
    let log = deployment.cluster.process("gateway").log_text();
    let is_told = |line: &str| line.contains("closed for what its peer did") && line.contains("frames");
    assert!(log.lines().any(is_told), "no connection was closed for its frames: {log}");
}

/// So many calls that are each taken back in the next frame, beginning with this stream.
fn taken_back(first: u32, count: u32) -> Vec<u8> {
    let streams = (0..count).map(|n| first + 2 * n);
    let cancel = Bytes::from_static(&[0, 0, 0, 8]);
    streams
        .flat_map(|stream| {
            [Frame::call(stream, HEALTH, &[]), Frame::new(Frame::RST_STREAM, 0, stream, cancel.clone())]
        })
        .flat_map(|frame| frame.bytes())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_taken_back_at_once_leave_others_their_turn_and_pile_up_nowhere() {
    let deployment = Deployment::open(&[]).await;
    let gateway = deployment.cluster.process("gateway");
    let calling = deployment.good.start().await;
    gateway.forget_peak();
    let before = gateway.most_resident();
    let mut attackers = JoinSet::new();
    for _ in 0..48 {
        let address = deployment.gateway();
        attackers.spawn(async move {
            let mut raw = Raw::http2(&address).await;
            for batch in 0..sized(15, 300) {
                if !raw.send(&taken_back(1 + 200 * batch, 100)).await {
                    return false;
                }
            }
            // What it is answered came after all of that.
            raw.send(&Frame::new(Frame::PING, 0, 0, Bytes::from_static(b"was read")).bytes()).await;
            while let Some(frame) = raw.next(Duration::from_secs(20)).await {
                if frame.kind == Frame::PING && frame.flags & Frame::ACK != 0 {
                    return true;
                }
            }
            false
        });
    }
    let read = attackers.join_all().await.into_iter().filter(|read| *read).count();
    let grown = gateway.most_resident().saturating_sub(before) >> 20;
    println!("{read} of 48 connections were read to the end; {grown} MiB more");
    calling.stop().await.assert_unharmed();
    assert!(read == 48, "{read} connections go on: nobody is closed for calls that are taken back");
    assert!(grown < 64, "{grown} MiB more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_of_strangers_leave_every_connection_one_of_its_own() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let nobody = frame_of(&[]);
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut raw = Raw::http2(&deployment.gateway()).await;
        assert!(raw.send(&unended(WATCH, &nobody, 32, true)).await);
        held.push(raw);
    }
    sleep(Duration::from_millis(300)).await;
    let mut raw = Raw::http2(&deployment.gateway()).await;
    assert!(raw.send(&unended(WATCH, &nobody, 2, true)).await);
    let (mut serves, mut refused) = (Vec::new(), Vec::new());
    while let Some(frame) = raw.next(Duration::from_secs(1)).await {
        match (frame.is_data(), frame.is_headers() && frame.flags & 1 != 0) {
            (true, _) => serves.push(frame.stream),
            (_, true) => refused.push(frame.stream),
            _ => {}
        }
    }
    calling.stop().await.assert_unharmed();
    assert_eq!((serves, refused), (vec![1], vec![3]), "the first is its own, and the rest are taken");
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_byte_without_a_second_costs_nothing_while_it_is_waited_for() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let gateway = deployment.cluster.process("gateway");
    let count = sized(400, 3_000);
    let mut held = Vec::new();
    for _ in 0..count {
        let mut raw = Raw::connect(&deployment.gateway()).await;
        raw.send(b"P").await;
        held.push(raw);
    }
    calling.stop().await.assert_unharmed();
    sleep(Duration::from_millis(500)).await;
    let before = gateway.cpu();
    sleep(Duration::from_secs(2)).await;
    let cost = gateway.cpu() - before;
    assert!(
        cost < Duration::from_millis(200),
        "{count} connections that say nothing cost {cost:?} in two seconds"
    );
    // The rest may come, byte by byte; and who leaves is let go of at once.
    let mut late = held.pop().unwrap();
    for byte in b"RI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
        assert!(late.send(&[*byte]).await);
    }
    assert!(late.next(Duration::from_secs(5)).await.is_some_and(|frame| frame.kind == Frame::SETTINGS));
    let leaves = held.pop().unwrap();
    leaves.finish().await.rest(Duration::from_secs(2)).await.expect("an end");
}
