//! Whoever does not read its answers waits alone, and no longer than its deadline.
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use granary_testkit::hostile::{Call, Connection, EMPTY, Ended, How};
use granary_testkit::neighbours::Good;
use granary_testkit::{Hostile, Process};
use serde_json::json;
use tonic::Code;

use super::{COMPANY, Deployment, PROFILE, profile, sized};

/// The deadline of the hostile calls, and when the last must have ended.
const TIMEOUT: &str = "2S";
const END_TIMEOUT: Duration = Duration::from_millis(3_500);
/// What a good caller may wait, whoever does not read.
const USUAL_TIMEOUT: Duration = Duration::from_secs(1);
const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_that_nobody_reads_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    let good = deployment.good.clone().calls(&[Good::Profile, Good::ApiUser]).rate(40);
    let evil = deployment.evil.clone().with_window(0).with_timeout(TIMEOUT);
    let mut connection = evil.connect().await;
    let before = most_resident(&deployment);
    let calling = good.start().await;
    let body = profile();
    let mut calls = Vec::new();
    for _ in 0..120 {
        calls.push(connection.call(PROFILE, body.clone()).await.expect("a call"));
    }
    let ended = end_all(calls).await;
    calling.stop().await.assert_unhurt(USUAL_TIMEOUT);
    assert_each_ended_at_its_deadline(&ended);
    assert_bounded(&deployment, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_700_kib_that_nobody_reads_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.answer_evil("/v2/company*", 0, Some(json!({"name": "n".repeat(700 << 10)}))).await;
    let before = most_resident(&deployment);
    let calling = deployment.good.clone().rate(40).start().await;
    // Some windows are shut from the start, some after the first 64 KiB.
    let (mut connections, mut calls) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let window = if number % 2 == 0 { 0 } else { 1 << 16 };
        let evil = deployment.evil.clone().with_window(window).with_timeout(TIMEOUT);
        let mut connection = evil.connect().await;
        for _ in 0..sized(5, 40) {
            calls.push(connection.call(COMPANY, EMPTY).await.expect("a call"));
        }
        connections.push(connection);
    }
    let count = calls.len();
    let ended = end_all(calls).await;
    calling.stop().await.assert_unhurt(USUAL_TIMEOUT);
    // Behind what was begun and cannot be ended, no status can be sent.
    let begun = |call: &&Ended| call.bytes > 0 && matches!(call.how, How::Reset(_));
    let told: Vec<Ended> = ended.into_iter().filter(|call| !begun(&call)).collect();
    assert!(told.len() >= count / 2, "{} of {count} could be told how they ended", told.len());
    assert_each_ended_at_its_deadline(&told);
    assert_bounded(&deployment, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_the_gateway_and_the_vault_that_nobody_reads_end_at_their_deadline() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.clone().calls(&[Good::Account, Good::Company]).start().await;
    let vault = deployment.cluster.address("vault");
    let evil = deployment.evil.clone().with_window(0).with_timeout(TIMEOUT);
    let targets = [
        (evil.clone(), "/granary.gateway.v1.ToolService/ListTools"),
        (evil.clone(), "/granary.vault.v1.CredentialVault/GetSealingKey"),
        (evil.clone(), super::HEALTH),
        (evil.clone().at(&vault), "/granary.vault.v1.CredentialVault/GetSealingKey"),
        (evil.clone().at(&vault), super::HEALTH),
    ];
    let (mut connections, mut calls): (Vec<Connection>, Vec<Call>) = (Vec::new(), Vec::new());
    for (evil, path) in &targets {
        let mut connection = evil.connect().await;
        for _ in 0..sized(40, 200) {
            calls.push(connection.call(path, EMPTY).await.expect("a call"));
        }
        connections.push(connection);
    }
    let ended = end_all(calls).await;
    calling.stop().await.assert_unhurt(USUAL_TIMEOUT);
    assert_each_ended_at_its_deadline(&ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_does_not_read_holds_up_nobody_at_the_service() {
    let deployment = Deployment::open(&[]).await;
    let calling = deployment.good.clone().calls(&[Good::Profile, Good::ApiUser]).rate(40).start().await;
    let gateway = as_a_gateway(&deployment, "linkedin-data", PROFILE).await;
    let mut connection = gateway.with_window(0).with_timeout(TIMEOUT).connect().await;
    let body = profile();
    let mut calls = Vec::new();
    for _ in 0..sized(60, 200) {
        calls.push(connection.call(PROFILE, body.clone()).await.expect("a call"));
    }
    let ended = end_all(calls).await;
    calling.stop().await.assert_unhurt(USUAL_TIMEOUT);
    assert_each_ended_at_its_deadline(&ended);
}

/// The bounds are settings: past them the calls that have waited the longest end, long before their deadline.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_wait_are_bounded_for_a_tenant_and_for_the_process() {
    for bound in ["max_unread_bytes_per_tenant", "max_unread_bytes"] {
        let deployment = Deployment::open(&[&format!("gateway.{bound}=2097152")]).await;
        deployment.answer_evil("/v2/company*", 0, Some(json!({"name": "n".repeat(700 << 10)}))).await;
        let calling = deployment.good.clone().rate(40).start().await;
        let evil = deployment.evil.clone().with_window(0).with_timeout("30S");
        let mut connection = evil.connect().await;
        let mut calls = Vec::new();
        for _ in 0..20 {
            calls.push(connection.call(COMPANY, EMPTY).await.expect("a call"));
        }
        let ended = end_all(calls).await;
        calling.stop().await.assert_unhurt(USUAL_TIMEOUT);
        let over = ended.iter().filter(|call| call.how != How::Open);
        let told = over.clone().filter(|call| {
            call.status.as_ref().is_some_and(|status| status.code() == Code::ResourceExhausted)
        });
        let (over, told) = (over.count(), told.count());
        // A few of them are within the bound, and go on.
        assert!(
            over >= 10 && told == over && over < 20,
            "{bound}: {over} of 20 ended, {told} with the reason"
        );
    }
}

/// A caller of a service with all that a gateway sends for the hostile tenant's account and a method of this path.
pub(super) async fn as_a_gateway(deployment: &Deployment, service: &str, path: &str) -> Hostile {
    use base64::Engine as _;
    use granary_proto::granary::internal::v1::credential_broker_client::CredentialBrokerClient;
    use granary_proto::granary::internal::v1::{AuthenticateRequest, IssueTicketRequest};
    let channel = granary_testkit::client::channel(&deployment.cluster.address("broker"));
    let key = deployment.cluster.file("peer-broker");
    let mut broker =
        CredentialBrokerClient::with_interceptor(channel, move |mut request: tonic::Request<()>| {
            request.metadata_mut().insert("granary-peer-key", key.parse().unwrap());
            Ok(request)
        });
    let api_key = deployment.evil_client.key_text().to_owned();
    let known = broker.authenticate(AuthenticateRequest { api_key }).await.unwrap().into_inner();
    let request = IssueTicketRequest {
        principal_token: known.principal_token,
        identifier: "evil-user".into(),
        method: path.trim_start_matches('/').into(),
    };
    let issued = broker.issue_ticket(request).await.unwrap().into_inner();
    let key = if service == "harvest-time" { "peer-harvest" } else { "peer-linkedin" };
    Hostile::new(&deployment.cluster.address(service))
        .with_account("evil-user")
        .with("granary-peer-key", &deployment.cluster.file(key))
        .with("granary-tenant", "evil")
        .with("granary-incarnation", &data_encoding::HEXLOWER.encode(&issued.incarnation))
        .with("granary-ticket-bin", &base64::prelude::BASE64_STANDARD_NO_PAD.encode(&issued.ticket))
}

async fn end_all(calls: Vec<Call>) -> Vec<Ended> {
    let begun = Instant::now();
    let ended = join_all(calls.into_iter().map(|call| call.end(END_TIMEOUT))).await;
    println!("all ended, or were given up, after {:?}", begun.elapsed());
    ended
}

/// Each ended in time: with its answer where that needs no window, else with a status in trailers.
fn assert_each_ended_at_its_deadline(ended: &[Ended]) {
    let open = ended.iter().filter(|call| call.how == How::Open).count();
    assert!(open == 0, "{open} of {} calls with a deadline of {TIMEOUT} are open", ended.len());
    for call in ended {
        let code = call.status.as_ref().map(tonic::Status::code);
        let told = matches!(code, Some(Code::DeadlineExceeded | Code::ResourceExhausted | Code::Unavailable));
        assert!(told, "{call}");
    }
}

const PROCESSES: [&str; 3] = ["gateway", "linkedin-data", "harvest-time"];

fn most_resident(deployment: &Deployment) -> [u64; 3] {
    PROCESSES.map(|name| {
        let process: &Process = deployment.cluster.process(name);
        process.forget_peak();
        process.most_resident()
    })
}

/// The gateway holds what waits for the tenant's readers; a service holds the answers that it is making, which has a bound of its
/// own (`max_answer_bytes_in_flight`).
fn assert_bounded(deployment: &Deployment, before: [u64; 3]) {
    for (name, before) in PROCESSES.into_iter().zip(before) {
        let after = deployment.cluster.process(name).most_resident();
        let most = if name == "gateway" { 100 } else { sized(100, 400) };
        let (from, to) = (before / MIB, after / MIB);
        assert!(after.saturating_sub(before) < most * MIB, "memory of {name} from {from} to {to} MiB");
    }
}
