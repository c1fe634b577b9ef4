//! What a caller takes back, or what is late already, ends alone.
use std::time::{Duration, Instant};

use granary_testkit::Hostile;
use granary_testkit::hostile::{Connection, EMPTY};
use granary_testkit::neighbours::{DEADLINE, Good};
use tokio::task::JoinSet;

use super::{COMPANY, Deployment, GET_ACCOUNT, TIME_ENTRY, again_and_again, attack_time, sized};

const SLOW: u64 = 300;

/// So many workers cancel calls after a few milliseconds.
async fn cancel(evil: &Hostile, count: u64) {
    let mut workers = JoinSet::new();
    for number in 0..count {
        let evil = evil.clone();
        workers.spawn(async move {
            let (begun, mut cancelled) = (Instant::now(), 0);
            let mut connection = evil.connect().await;
            while begun.elapsed() < attack_time() {
                match connection.call(COMPANY, EMPTY).await {
                    Some(call) => {
                        tokio::time::sleep(Duration::from_millis(2 + number % 3)).await;
                        call.cancel();
                        cancelled += 1;
                    }
                    None => reconnect(&mut connection, &evil).await,
                }
            }
            cancelled
        });
    }
    let cancelled: usize = workers.join_all().await.into_iter().sum();
    println!("{cancelled} calls were cancelled");
}

/// Hangs up on 200 calls at once.
async fn hang_up(evil: &Hostile) {
    again_and_again(Duration::from_millis(50), || async {
        let mut connection = evil.connect().await;
        let mut calls = Vec::new();
        for _ in 0..200 {
            calls.extend(connection.call(COMPANY, EMPTY).await);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        connection.hang_up().await;
    })
    .await;
}

/// Makes calls that have no time left.
async fn call_too_late(evil: &Hostile) {
    let evil = evil.clone().with_timeout("1n");
    let mut connection = evil.connect().await;
    let begun = Instant::now();
    while begun.elapsed() < attack_time() {
        let mut calls = Vec::new();
        for number in 0..200 {
            let path = [COMPANY, TIME_ENTRY, GET_ACCOUNT][number % 3];
            match connection.call(path, EMPTY).await {
                Some(call) => calls.push(call),
                None => reconnect(&mut connection, &evil).await,
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn reconnect(connection: &mut Connection, evil: &Hostile) {
    tokio::time::sleep(Duration::from_millis(2)).await;
    if let Ok(fresh) = evil.try_connect().await {
        *connection = fresh;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_cancel_at_once_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(SLOW).await;
    let calling = deployment.good.start().await;
    cancel(&deployment.evil, sized(100, 200)).await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_on_200_calls_costs_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(SLOW).await;
    let calling = deployment.good.start().await;
    hang_up(&deployment.evil).await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_whose_deadline_has_passed_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(SLOW).await;
    // Writes, and what credential-vault's link carries.
    let good = deployment.good.clone().calls(&[Good::TimeEntry, Good::Account, Good::Company]);
    let calling = good.start().await;
    // Once its tickets are there, what is late gets as far as it can.
    let mut connection = deployment.evil.connect().await;
    for path in [COMPANY, TIME_ENTRY, GET_ACCOUNT] {
        connection.call(path, EMPTY).await.expect("a call").end(DEADLINE).await;
    }
    let before = deployment.sandbox.newest().await;
    call_too_late(&deployment.evil).await;
    calling.stop().await.assert_unharmed();
    let journal = deployment.sandbox.journal(before).await;
    let late = journal.iter().filter(|call| call.credentials.contains(&deployment.evil_token)).count();
    assert_eq!(late, 0, "calls without any time left reached the vendor");
}

/// A balancer carries all its callers on few connections, and hands on what each of them takes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_envoy_what_one_caller_takes_back_costs_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(SLOW).await;
    // What is tried is what the gateway makes of it: a balancer that is short of time itself finds nobody healthy.
    let envoy = deployment.balancer(Duration::from_secs(10)).await;
    let evil = deployment.evil.clone().at(&envoy.address());
    let calling = deployment.good.clone().at(&[&envoy.address()]).start().await;
    cancel(&evil, sized(20, 60)).await;
    hang_up(&evil).await;
    call_too_late(&evil).await;
    calling.stop().await.assert_unharmed();
    let log = deployment.cluster.process("gateway").log_text();
    assert!(!log.contains("closed for what its peer did"), "the balancer's connection was closed: {log}");
}
