//! What a service did not begin is sent again, and what it may have begun is sent again only where that is harmless.
use std::time::Duration;

use granary_rpc::{Reason, error};
use granary_testkit::neighbours::{self, Answered, DEADLINE, Good, key_of};
use granary_testkit::{Client, Cluster};
use tokio::task::JoinSet;

use super::{Deployment, sized};

/// How long the vendor takes, so that every call is in the middle when something happens.
const SLOW: u64 = 700;
const CALLS: usize = 40;

/// Which service serves a call, where the vendor sees it, and what it is to the contract.
fn service(good: Good) -> (&'static str, &'static str, &'static str) {
    match good {
        Good::Company => ("harvest-time", "/v2/company", "READ"),
        Good::TimeEntry => ("harvest-time", "/v2/time_entries", "WRITE"),
        Good::Profile => ("linkedin-data", "/linkedin/profile", "CHARGED_READ"),
        Good::ApiUser | Good::Account => panic!("{good:?} stands for no effect"),
    }
}

/// Two replicas of harvest-time and of linkedin-data, over one vendor that is slow.
async fn two_of_each() -> Deployment {
    let mut cluster = Cluster::prepare("").await;
    cluster.expect_replicas();
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    for replica in ["harvest-time-2", "linkedin-data-2"] {
        cluster.run_replica(replica, &[]);
    }
    cluster.ready("gateway").await;
    Deployment::around(cluster).await
}

/// What came of calls of one kind, made at once on several connections.
struct Outcome {
    answered: usize,
    failures: Vec<tonic::Status>,
    /// How many reached the vendor.
    arrived: usize,
    /// What the vendor billed, and what one call costs, in micro-dollars.
    billed: i64,
    price: i64,
}

/// Makes calls, does something while they are under way, and counts.
async fn while_under_way<F: Future<Output = Deployment>>(
    deployment: Deployment,
    good: Good,
    what: impl FnOnce(Deployment) -> F,
) -> (Deployment, Outcome) {
    let account = deployment.good.account().to_owned();
    let clients: Vec<Client> = (0..4).map(|_| deployment.good.client().at(&deployment.gateway())).collect();
    let mut price = 0;
    for client in &clients {
        let answer = neighbours::call(client, &account, good).await.expect("before anything happens");
        if let Answered::Charged(cost) = answer {
            price = cost;
        }
    }
    let key = key_of(&account);
    let (before, balance) = (deployment.sandbox.newest().await, deployment.sandbox.balance(&key).await);
    let (_, path, _) = service(good);
    let api = if path.starts_with("/v2") { "harvest" } else { "harvestapi" };
    let slow = serde_json::json!({"api": api, "path": format!("{path}*"), "count": 0, "delay_ms": SLOW});
    deployment.sandbox.fault(slow).await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let (client, account) = (clients[number % clients.len()].clone(), account.clone());
        calls.spawn(async move { neighbours::call(&client, &account, good).await });
    }
    tokio::time::sleep(Duration::from_millis(SLOW / 2)).await;
    let deployment = what(deployment).await;
    let mut outcome = Outcome { answered: 0, failures: Vec::new(), arrived: 0, billed: 0, price };
    for answer in calls.join_all().await {
        match answer {
            Ok(_) => outcome.answered += 1,
            Err(status) => outcome.failures.push(status),
        }
    }
    let journal = deployment.sandbox.journal(before).await;
    outcome.arrived = journal.iter().filter(|call| call.path.starts_with(path)).count();
    outcome.billed = balance - deployment.sandbox.balance(&key).await;
    (deployment, outcome)
}

/// Kills a replica in the middle of calls.
async fn killed(good: Good) -> Outcome {
    let deployment = two_of_each().await;
    let (name, _, effect) = service(good);
    let (deployment, outcome) = while_under_way(deployment, good, |mut deployment| async move {
        deployment.cluster.kill(name).await;
        deployment
    })
    .await;
    let told: Vec<String> = outcome.failures.iter().map(neighbours::told).collect();
    println!("{effect}: {} answered, {} arrived, {told:?}", outcome.answered, outcome.arrived);
    // Whoever calls now is served by the other one.
    deployment.sandbox.clear_faults().await;
    let report = deployment.good.clone().calls(&[good]).call_for(Duration::from_millis(300)).await;
    report.assert_unharmed();
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_a_replica_that_is_killed_are_answered_by_the_other() {
    let outcome = killed(Good::Company).await;
    assert_eq!(outcome.answered, CALLS, "{:?}", outcome.failures);
    assert!(outcome.arrived <= 2 * CALLS, "{} reads arrived for {CALLS}", outcome.arrived);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charged_reads_of_a_replica_that_is_killed_are_never_sent_twice() {
    let outcome = killed(Good::Profile).await;
    assert_eq!(outcome.arrived, CALLS, "each was sent once");
    assert!((1..CALLS).contains(&outcome.answered), "{} were answered by the other", outcome.answered);
    let (billed, most) = (outcome.billed, outcome.price * i64::try_from(CALLS).unwrap());
    assert!(billed <= most, "{billed} micro-dollars for {CALLS} profiles of {} each", outcome.price);
    for failure in &outcome.failures {
        let reason = error::reason_of(failure);
        assert!(matches!(reason, Some(Reason::ServiceUnavailable | Reason::UnknownOutcome)), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_of_a_replica_that_is_killed_are_never_sent_twice() {
    let outcome = killed(Good::TimeEntry).await;
    assert_eq!(outcome.arrived, CALLS, "each was sent once");
    assert!((1..CALLS).contains(&outcome.answered), "{} were answered by the other", outcome.answered);
    for failure in &outcome.failures {
        assert_eq!(error::reason_of(failure), Some(Reason::UnknownOutcome), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_listens_every_call_goes_to_the_other_replica_once() {
    for good in [Good::Company, Good::Profile, Good::TimeEntry] {
        let mut deployment = two_of_each().await;
        let (name, _, effect) = service(good);
        // Once the gateway has used both.
        let good_callers = deployment.good.clone().calls(&[good]).rate(200);
        good_callers.call_for(Duration::from_millis(300)).await.assert_unharmed();
        deployment.cluster.kill(name).await;
        // A connection that is cut is noticed before the next call is put on it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let report = good_callers.call_for(Duration::from_millis(sized(600, 5_000))).await;
        println!("{effect}, one replica refuses connections: {report}");
        report.assert_unharmed();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_of_services_loses_no_call_of_any_effect() {
    let mut deployment = two_of_each().await;
    for (api, path) in [("harvest", "/v2/*"), ("harvestapi", "/linkedin/*")] {
        let slow = serde_json::json!({"api": api, "path": path, "count": 0, "delay_ms": 100});
        deployment.sandbox.fault(slow).await;
    }
    let calls = [Good::Company, Good::TimeEntry, Good::Profile];
    let calling = deployment.good.clone().calls(&calls).rate(sized(90, 150)).start().await;
    let key = key_of(deployment.good.account());
    let balance = deployment.sandbox.balance(&key).await;
    for _ in 0..sized(1, 3) {
        for name in ["harvest-time", "linkedin-data"] {
            deployment.cluster.stop(name).await;
            deployment.cluster.run(name);
            tokio::time::sleep(Duration::from_millis(500)).await;
            let second = format!("{name}-2");
            deployment.cluster.stop(&second).await;
            deployment.cluster.run_replica(&second, &[]);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    let report = calling.stop().await;
    report.assert_unharmed();
    // What was begun while the balance was read is among what was billed.
    let billed = balance - deployment.sandbox.balance(&key).await;
    assert!(billed <= report.charged, "billed {billed}, told {} micro-dollars", report.charged);
    assert!(report.percentile(99) < DEADLINE / 2, "{report}");
}
