//! However many calls, connections or streams one caller holds, there is room for the others.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use granary_proto::granary::harvest::v1::ListUsersRequest;
use granary_rpc::Reason;
use granary_testkit::hostile::{Connection, EMPTY, Ended, Frame, Raw, frame_of};
use granary_testkit::neighbours::Good;
use granary_testkit::{Cluster, Hostile, hostile};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::{COMPANY, Deployment, WATCH, attack_time, sized};

const LIST_USERS: &str = "/granary.harvest.v1.HarvestTime/ListUsers";
/// Watches that a connection may have.
const EACH: usize = 32;
/// Another address than that of the good callers.
pub(super) const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_slow_calls_of_one_tenant_leave_room_for_the_others() {
    let deployment = Deployment::open(&[]).await;
    deployment.answer_evil("/v2/users*", 3_000, None).await;
    let body = hostile::frame(&ListUsersRequest::default());
    let (begun, before) = (Instant::now(), deployment.sandbox.newest().await);
    let mut workers = JoinSet::new();
    for _ in 0..3 {
        let connection = Arc::new(Mutex::new(deployment.evil.connect().await));
        for _ in 0..200 {
            let (connection, body) = (connection.clone(), body.clone());
            workers.spawn(async move {
                while begun.elapsed() < attack_time() + Duration::from_secs(1) {
                    let call = connection.lock().await.call(LIST_USERS, body.clone()).await;
                    // Whoever is refused calls again, but not at once.
                    call.expect("a call").end(Duration::from_secs(8)).await;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
        }
    }
    // What was held up shows when the first slow calls are under way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let report = deployment.good.call_for(attack_time()).await;
    let journal = deployment.sandbox.journal(before).await;
    workers.join_all().await;
    report.assert_unhurt(Duration::from_secs(1));
    let slow = journal.iter().filter(|call| call.path.starts_with("/v2/users")).count();
    println!("{slow} slow calls had reached the vendor");
    assert!(slow > 20, "the hostile tenant was kept from calling at all: {slow}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_no_more_calls_under_way_than_it_may() {
    let deployment = Deployment::open(&["gateway.max_calls_per_tenant=50"]).await;
    deployment.answer_evil("/v2/company*", 700, None).await;
    let calling = deployment.good.start().await;
    let mut connection = deployment.evil.connect().await;
    let mut calls = Vec::new();
    for _ in 0..200 {
        calls.push(connection.call(COMPANY, EMPTY).await.expect("a call"));
    }
    let ended = join_all(calls.into_iter().map(|call| call.end(Duration::from_secs(8)))).await;
    calling.stop().await.assert_unharmed();
    let (ok, refused): (Vec<Ended>, Vec<Ended>) = ended.into_iter().partition(Ended::is_ok);
    assert!((50..80).contains(&ok.len()), "{} of 200 calls at once were answered", ok.len());
    for call in refused {
        assert_eq!(call.reason(), Some(Reason::Overloaded), "{call}");
        assert!(call.took < Duration::from_millis(700), "it was refused at once: {call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_full_serves_tenants_in_turn() {
    let deployment = Deployment::open(&["harvest_time.admission.max_in_flight=10"]).await;
    // Alone, the good callers need four of ten places; the hostile ones would take them all, and wait for more.
    deployment.slow_vendor(50).await;
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        let connection = Arc::new(Mutex::new(deployment.evil.connect().await));
        for _ in 0..100 {
            let connection = connection.clone();
            workers.spawn(async move {
                let mut answered = 0;
                while begun.elapsed() < attack_time() + Duration::from_secs(1) {
                    let call = connection.lock().await.call(COMPANY, EMPTY).await;
                    let ended = call.expect("a call").end(Duration::from_secs(8)).await;
                    answered += usize::from(ended.is_ok());
                    if !ended.is_ok() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
                answered
            });
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let report = deployment.good.call_for(attack_time()).await;
    let answered: usize = workers.join_all().await.into_iter().sum();
    report.assert_unhurt(Duration::from_secs(1));
    println!("{answered} calls of the hostile tenant were answered");
    assert!(answered > 100, "what the others leave is the hostile tenant's: {answered} calls");
}

/// A gateway that may open 256 files at a time.
async fn with_few_files(settings: &[&str]) -> Deployment {
    let mut cluster = Cluster::prepare("").await;
    cluster.set(settings);
    for service in ["credential-vault", "harvest-time", "linkedin-data"] {
        cluster.run(service);
    }
    cluster.run_by(&["prlimit", "--nofile=256:256"], "gateway");
    cluster.ready("gateway").await;
    Deployment::around(cluster).await
}

/// Opens connections that do nothing but stay. Those that the gateway closes count too.
pub(super) async fn idle(evil: &Hostile, count: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    for _ in 0..count {
        if let Ok(connection) = evil.try_connect().await {
            open.push(connection);
        }
    }
    open
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_idle_connections_than_the_gateway_may_have_files_cost_no_other_caller_a_call() {
    let deployment = with_few_files(&[]).await;
    let calling = deployment.good.start().await;
    let open = idle(&Hostile::new(&deployment.gateway()).from(ELSEWHERE), 400).await;
    tokio::time::sleep(attack_time()).await;
    calling.stop().await.assert_unharmed();
    let gateway = deployment.cluster.process("gateway");
    assert!(gateway.descriptors() < 250, "{} files are open", gateway.descriptors());
    let complaints = gateway.log_text().matches("Too many open files").count();
    assert!(complaints < 5, "the log says {complaints} times that there are too many files");
    drop(open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_every_connection() {
    let deployment = with_few_files(&["gateway.limits.max_connections_per_address=64"]).await;
    let open = idle(&Hostile::new(&deployment.gateway()).from(ELSEWHERE), 400).await;
    // That a connection was refused arrives a moment later.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let kept = open.iter().filter(|connection| connection.is_open()).count();
    // Its good callers connect only now.
    deployment.good.call_for(attack_time()).await.assert_unharmed();
    assert!(kept <= 64, "{kept} of 400 connections are open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_are_closed_and_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&["gateway.limits.idle_timeout_ms=1500"]).await;
    let calling = deployment.good.start().await;
    let mut open = idle(&Hostile::new(&deployment.gateway()), 100).await;
    tokio::time::sleep(Duration::from_millis(3_000)).await;
    open.retain(Connection::is_open);
    // A connection with calls on it is none that does nothing: the good callers' stay.
    calling.stop().await.assert_unharmed();
    assert!(open.is_empty(), "{} of 100 idle connections are open", open.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_watches_of_what_does_not_change_are_told_once() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.clone().calls(&[Good::Company]).start().await;
    let gateway = deployment.cluster.process("gateway");
    gateway.forget_peak();
    let before = gateway.most_resident();
    let watch = frame_of(&[]);
    let mut watchers = JoinSet::new();
    for _ in 0..8 {
        let mut raw = Raw::http2(&deployment.gateway()).await;
        watchers.spawn(watch_streams(raw_calls(&mut raw, &watch).await.then_some(raw)));
    }
    let told: Vec<usize> = watchers.join_all().await.concat();
    let grown = gateway.most_resident().saturating_sub(before);
    calling.stop().await.assert_unharmed();
    let (accepted, messages): (usize, usize) = (told.len(), told.iter().sum());
    println!("{messages} messages for {accepted} streams that were accepted");
    assert_eq!(accepted, 8 * EACH, "streams that were accepted of 250 on each of 8 connections");
    // One message a stream, and one more where something did change meanwhile.
    assert!(messages <= 2 * accepted, "{messages} messages for {accepted} streams");
    assert!(grown < 64 << 20, "{grown} bytes more for 2,000 streams");
}

/// Begins 250 watches on one connection.
async fn raw_calls(raw: &mut Raw, watch: &Bytes) -> bool {
    let mut bytes = Vec::new();
    for stream in (1..500).step_by(2) {
        bytes.extend(Frame::call(stream, WATCH, &[]).bytes());
        bytes.extend(Frame::data(stream, watch.clone(), true).bytes());
    }
    raw.send(&bytes).await
}

/// Counts the messages of each stream that is told anything, for as long as an attack goes on.
async fn watch_streams(raw: Option<Raw>) -> Vec<usize> {
    let Some(mut raw) = raw else { return Vec::new() };
    let (begun, mut told) = (Instant::now(), HashMap::new());
    while begun.elapsed() < sized(attack_time() + Duration::from_secs(1), attack_time()) {
        if let Some(frame) = raw.next(Duration::from_millis(100)).await.filter(Frame::is_data) {
            *told.entry(frame.stream).or_default() += 1;
        }
    }
    told.into_values().collect()
}
