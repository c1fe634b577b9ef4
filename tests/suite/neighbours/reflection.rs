//! Reflection needs no key, so its streams are bounded in number, their questions in size, and their answers in time.
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use granary_rpc::Reason;
use granary_testkit::Hostile;
use granary_testkit::hostile::{Call, Connection, Ended, How, frame_of};
use tonic_types::StatusExt;

use super::{Deployment, LIST_SERVICES, REFLECTION, sized};

/// Streams on one connection, and in the process, where the first of each connection does not count.
const EACH: usize = 8;
const ALL: usize = 128;
const TIMEOUT: Duration = Duration::from_secs(3);
const MIB: u64 = 1 << 20;

/// Asks for the services, in so many bytes.
fn list_services(bytes: usize) -> Bytes {
    let host = bytes - 5;
    let mut message =
        vec![1 << 3 | 2, u8::try_from(host % 128).unwrap() | 0x80, u8::try_from(host / 128).unwrap()];
    message.resize(3 + host, b'h');
    message.extend(LIST_SERVICES);
    assert_eq!(message.len(), bytes);
    frame_of(&message)
}

/// Asks for the file that declares the objects of time tracking, whose answer has tens of kilobytes at every listener.
fn large_file() -> Bytes {
    let symbol = b"granary.harvest.v1.TimeEntry";
    let length = u8::try_from(symbol.len()).unwrap();
    frame_of(&[&[4 << 3 | 2, length], &symbol[..]].concat())
}

/// Begins a conversation that goes on.
async fn converse(connection: &mut Connection) -> Call {
    let mut call = connection.begin(REFLECTION).await.expect("a call");
    // One that is refused may be over before its message is sent.
    call.send(list_services(200), false);
    call
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reflection_streams_are_bounded_on_a_connection_and_in_the_process() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let stranger = Hostile::new(&deployment.gateway());
    let (mut connections, mut open) = (Vec::new(), Vec::new());
    let mut left = ALL;
    while left > 0 {
        let mut connection = stranger.connect().await;
        let shared = left.min(EACH - 1);
        for _ in 0..=shared {
            open.push(converse(&mut connection).await);
        }
        left -= shared;
        connections.push(connection);
    }
    // Those of a connection arrive one after the other, those of several in any order.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let one_more = converse(&mut connections[0]).await.end(TIMEOUT).await;
    assert_eq!(one_more.reason(), Some(Reason::LimitExceeded), "on its connection: {one_more}");
    let mut fresh = stranger.connect().await;
    let own = converse(&mut fresh).await.end(Duration::from_millis(300)).await;
    assert!(own.how == How::Open && own.bytes > 0, "nobody takes a connection's first from it: {own}");
    let _first = converse(&mut fresh).await;
    let refused = converse(&mut fresh).await.end(TIMEOUT).await;
    assert_eq!(refused.reason(), Some(Reason::Overloaded), "in the process: {refused}");
    let retry = refused.status.as_ref().and_then(StatusExt::get_details_retry_info);
    assert!(retry.is_some_and(|info| info.retry_delay.is_some()), "it says when to try again: {refused}");

    let open = join_all(open.into_iter().map(|call| call.end(Duration::from_millis(100)))).await;
    for call in &open {
        assert!(call.how == How::Open && call.bytes > 0, "it is answered and goes on: {call}");
    }
    // They were given up just now, and their places are free.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let again = converse(&mut fresh).await.end(Duration::from_millis(300)).await;
    assert!(again.how == How::Open && again.bytes > 0, "{again}");
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_of_reflection_has_a_kibibyte_at_most() {
    let deployment = Deployment::open(&[]).await;
    for listener in ["gateway", "vault"] {
        let mut connection = Hostile::new(&deployment.cluster.address(listener)).connect().await;
        let fits =
            connection.call(REFLECTION, list_services(1_024)).await.expect("a call").end(TIMEOUT).await;
        assert!(fits.is_ok() && fits.bytes > 0, "{listener}: {fits}");
        let large =
            connection.call(REFLECTION, list_services(1_025)).await.expect("a call").end(TIMEOUT).await;
        assert!(
            large.bytes == 0 && large.how != How::Open,
            "{listener}: a byte more is not answered: {large}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_reflection_that_nobody_reads_end_at_their_deadline_and_hold_little() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    for (listener, process) in [("gateway", "gateway"), ("vault", "credential-vault")] {
        let process = deployment.cluster.process(process);
        process.forget_peak();
        let before = process.most_resident();
        let reader = Hostile::new(&deployment.cluster.address(listener)).with_timeout("1S");
        let mut connection = reader.connect().await;
        let whole = connection.call(REFLECTION, large_file()).await.expect("a call").end(TIMEOUT).await;
        assert!(whole.is_ok() && whole.bytes > 20_000, "{listener}: {whole}");
        let stranger = reader.with_window(0);
        let (mut connections, mut calls) = (Vec::new(), Vec::new());
        for _ in 0..ALL / EACH {
            let mut connection = stranger.connect().await;
            for _ in 0..EACH {
                // Questions without an end, each of which would be answered.
                let mut call = connection.begin(REFLECTION).await.expect("a call");
                for _ in 0..sized(10, 100) {
                    call.send(large_file(), false);
                }
                calls.push(call);
            }
            connections.push(connection);
        }
        let ended = join_all(calls.into_iter().map(|call| call.end(Duration::from_millis(2_500)))).await;
        let grown = process.most_resident().saturating_sub(before);
        println!("{listener}: {} MiB more for {ALL} answers that nobody reads", grown / MIB);
        assert_ended(listener, &ended);
        assert!(grown < 64 * MIB, "{listener}: {} MiB more", grown / MIB);
    }
    calling.stop().await.assert_unharmed();
}

fn assert_ended(listener: &str, ended: &[Ended]) {
    for call in ended {
        assert!(call.status.is_some() && !call.is_ok(), "{listener}: {call}");
    }
}
