//! A body that never ends is given up at the call's deadline, wherever it is sent, and little of it is kept.
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use granary_rpc::Reason;
use granary_rpc::error::reason_of;
use granary_testkit::Hostile;
use granary_testkit::hostile::{Call, Connection, ENDLESS, Ended, How, unfinished};
use granary_testkit::neighbours::Good;

use super::{COMPANY, Deployment, GET_ACCOUNT, HEALTH, REFLECTION, TIME_ENTRY, TOOL, attack_time, sized};

const TIMEOUT: &str = "1S";
/// When a call of that deadline must have ended.
const END_TIMEOUT: Duration = Duration::from_millis(2_500);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Begins so many calls with a body that does not end.
async fn hold(caller: &Hostile, path: &str, body: &Bytes, count: usize) -> (Connection, Vec<Call>) {
    let mut connection = caller.connect().await;
    let mut calls = Vec::new();
    for _ in 0..count {
        let mut call = connection.begin(path).await.expect("a call");
        call.send(body.clone(), false);
        calls.push(call);
    }
    (connection, calls)
}

/// The same with a deadline, by which they must have ended.
async fn begin(caller: &Hostile, path: &str, body: &Bytes, count: usize) -> (Connection, Vec<Ended>) {
    let (connection, calls) = hold(&caller.clone().with_timeout(TIMEOUT), path, body, count).await;
    let ended = join_all(calls.into_iter().map(|call| call.end(END_TIMEOUT))).await;
    (connection, ended)
}

fn assert_ended(path: &str, ended: &[Ended]) {
    let open = ended.iter().filter(|call| call.how == How::Open).count();
    assert_eq!(open, 0, "of {} calls of {path} with a deadline of a second, {open} are open", ended.len());
    for call in ended {
        // A refusal of what is too large may come first; the library's reflection only ends its stream then.
        assert!(call.status.is_some(), "{path}: {call}");
        assert!(!call.is_ok() || path == REFLECTION, "{path}: {call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_an_unfinished_body_ends_at_its_deadline_and_holds_little() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let body = unfinished(4_194_000);
    for name in ["gateway", "vault"] {
        let process = deployment.cluster.process(if name == "vault" { "credential-vault" } else { name });
        let stranger = Hostile::new(&deployment.cluster.address(name));
        for path in [HEALTH, REFLECTION] {
            process.forget_peak();
            let before = process.most_resident();
            let (_kept, ended) = begin(&stranger, path, &body, sized(60, 250)).await;
            let grown = process.most_resident().saturating_sub(before);
            assert_ended(path, &ended);
            assert!(grown < 48 * MIB, "{path} at {name}: {} MiB more without a key", grown / MIB);
        }
    }
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_key_an_unfinished_body_ends_at_its_deadline() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let (body, vault) =
        (unfinished(4_194_000), deployment.evil.clone().at(&deployment.cluster.address("vault")));
    let targets = [
        (&deployment.evil, TOOL),
        (&deployment.evil, COMPANY),
        (&deployment.evil, GET_ACCOUNT),
        (&vault, GET_ACCOUNT),
        (&vault, "/granary.vault.v1.Admin/ListApiKeys"),
    ];
    let running = targets.map(|(caller, path)| {
        let body = body.clone();
        async move { (path, begin(caller, path, &body, sized(20, 100)).await) }
    });
    let all = join_all(running).await;
    calling.stop().await.assert_unharmed();
    for (path, (_, ended)) in all {
        assert_ended(path, &ended);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_never_arrive_take_no_place_of_those_that_are_served() {
    // One tenant may take every place there is, as several can together.
    let settings = ["harvest_time.admission.max_in_flight=4", "credential_vault.admission.max_in_flight=4"];
    let deployment = Deployment::open(&settings).await;
    let (patient, body) = (deployment.evil.clone().with_timeout("30S"), unfinished(4_000));
    let vault = patient.clone().at(&deployment.cluster.address("vault"));
    let mut held = Vec::new();
    for (caller, path) in [(&patient, TIME_ENTRY), (&patient, GET_ACCOUNT), (&vault, GET_ACCOUNT)] {
        held.push(hold(caller, path, &body, 32).await);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let good = deployment.good.clone().calls(&[Good::TimeEntry, Good::Account, Good::Company]);
    good.call_for(attack_time()).await.assert_unhurt(Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_cost_a_byte_each_on_the_wire_are_refused_and_none_is_kept_of_calls_without_a_key() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let gateway = deployment.cluster.process("gateway");
    let stranger = Hostile::new(&deployment.gateway()).with_timeout("60S");
    let with = |count| (0..count).fold(stranger.clone(), |caller, n| caller.with(&format!("x-{n}"), ""));
    gateway.forget_peak();
    let before = gateway.most_resident();
    let (mut connections, mut refused, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (count, calls) in [(400, &mut refused), (100, &mut kept)] {
        for _ in 0..sized(4, 20) {
            let (connection, begun) = hold(&with(count), HEALTH, &Bytes::from_static(&[0, 0]), 200).await;
            calls.extend(begun);
            connections.push(connection);
        }
    }
    let refused = join_all(refused.into_iter().map(|call| call.end(Duration::from_secs(3)))).await;
    assert!(refused.iter().all(|call| call.reason() == Some(Reason::LimitExceeded)), "{}", refused[0]);
    // Whatever deadline a stranger names.
    let ended = join_all(kept.into_iter().map(|call| call.end(Duration::from_secs(13)))).await;
    assert!(ended.iter().all(|call| call.reason() == Some(Reason::DeadlineExceeded)), "{}", ended[0]);
    let grown = gateway.most_resident().saturating_sub(before);
    assert!(grown < sized(48, 160) * MIB, "{} MiB more without a key", grown / MIB);
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_of_tools_that_do_not_end_are_bounded_for_a_tenant() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.clone().calls(&[Good::Company, Good::Account]).rate(40).start().await;
    let gateway = deployment.cluster.process("gateway");
    gateway.forget_peak();
    let before = gateway.most_resident();
    let (body, patient) = (unfinished(4_194_000), deployment.evil.clone().with_timeout("30S"));
    let mut calls = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..sized(5, 25) {
        let (connection, begun) = hold(&patient, TOOL, &body, 8).await;
        calls.extend(begun);
        connections.push(connection);
    }
    let all = calls.len();
    let ended = join_all(calls.into_iter().map(|call| call.end(Duration::from_secs(4)))).await;
    calling.stop().await.assert_unhurt(Duration::from_secs(1));
    let grown = gateway.most_resident().saturating_sub(before);
    let over = ended.iter().filter(|call| call.how != How::Open);
    let told = over.clone().filter(|call| {
        call.status.as_ref().is_some_and(|status| {
            reason_of(status) == Some(Reason::LimitExceeded) && status.message().contains("do not end")
        })
    });
    let (over, told) = (over.count(), told.count());
    println!(
        "of {all} inputs without an end {over} ended long before their deadline; {} MiB more",
        grown / MIB
    );
    // Seven of them are within the bound of 32 MiB, and go on.
    assert!(over + 10 >= all && over < all && told == over, "{over} of {all} ended, {told} with the reason");
    assert!(grown < 160 * MIB, "{} MiB more", grown / MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_of_4_gib_reserves_nothing() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.start().await;
    let vault = deployment.evil.clone().at(&deployment.cluster.address("vault"));
    let targets = [
        (&deployment.evil, TOOL),
        (&deployment.evil, HEALTH),
        (&deployment.evil, REFLECTION),
        (&deployment.evil, COMPANY),
        (&vault, GET_ACCOUNT),
        (&vault, HEALTH),
    ];
    let services = ["gateway", "credential-vault", "harvest-time"];
    let reserved = || services.map(|name| deployment.cluster.process(name).most_reserved());
    let before = reserved();
    let body = Bytes::from_static(ENDLESS);
    let running = targets.map(|(caller, path)| {
        let body = body.clone();
        async move { (path, begin(caller, path, &body, 8).await) }
    });
    let all = join_all(running).await;
    calling.stop().await.assert_unharmed();
    for ((name, before), after) in services.into_iter().zip(before).zip(reserved()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 2 * GIB, "{name} reserved {} MiB more", grown / MIB);
    }
    for (path, (_, ended)) in all {
        assert_ended(path, &ended);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_of_4_gib_ends_no_gateway_whose_memory_is_limited() {
    let mut cluster = granary_testkit::Cluster::prepare("").await;
    for service in ["credential-vault", "harvest-time", "linkedin-data"] {
        cluster.run(service);
    }
    cluster.run_by(&["prlimit", "--as=4294967296"], "gateway");
    cluster.ready("gateway").await;
    let mut deployment = Deployment::around(cluster).await;
    let calling = deployment.good.start().await;
    let (_, ended) = begin(&deployment.evil, TOOL, &Bytes::from_static(ENDLESS), 4).await;
    tokio::time::sleep(attack_time()).await;
    assert!(!deployment.cluster.has_ended("gateway"), "{}", deployment.cluster.process("gateway").log_text());
    assert_ended(TOOL, &ended);
    calling.stop().await.assert_unharmed();
}
