//! What a tenant's own record says goes before a gateway's settings, and who is over a limit is told which, and when to try again.
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use granary_proto::granary::vault::v1::{SetTenantLimitsRequest, TenantLimits};
use granary_rpc::Reason;
use granary_testkit::Hostile;
use granary_testkit::hostile::{self, Call, EMPTY, Ended};
use tonic_types::StatusExt as _;

use super::streams::{all_pages, endless_pages};
use super::{COMPANY, Deployment};

const FOLLOW: &str = "/granary.linkedin.v1.LinkedInData/FollowPages";
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long each call of the tenant is under way.
const WORK: u64 = 600;

async fn set(deployment: &Deployment, limits: TenantLimits) {
    let request = SetTenantLimitsRequest { tenant: "evil".into(), limits: Some(limits) };
    deployment.cluster.client().admin().set_tenant_limits(request).await.expect("they are set");
}

/// Another key of the hostile tenant.
async fn another_key(deployment: &Deployment) -> Hostile {
    let scopes: Vec<i32> = (1..=8).collect();
    let key = deployment.cluster.client().key("evil", &scopes, &[]).await.key_text;
    Hostile::new(&deployment.gateway()).with_key(&key).with_account("evil-user")
}

/// Makes so many calls at once.
async fn at_once(caller: &Hostile, count: usize) -> Vec<Ended> {
    let mut connection = caller.connect().await;
    let mut calls: Vec<Call> = Vec::new();
    for _ in 0..count {
        calls.push(connection.call(COMPANY, EMPTY).await.expect("a call"));
    }
    join_all(calls.into_iter().map(|call| call.end(TIMEOUT))).await
}

/// How many were answered; each of the others was refused for a limit, and was told when to try again.
fn answered(ended: &[Ended], limit: &str) -> usize {
    for call in ended.iter().filter(|call| !call.is_ok()) {
        assert_overloaded(call, limit);
    }
    ended.iter().filter(|call| call.is_ok()).count()
}

fn assert_overloaded(call: &Ended, limit: &str) {
    assert_eq!(call.reason(), Some(Reason::Overloaded), "{call}");
    let status = call.status.as_ref().expect("a status");
    let info = status.get_details_error_info().expect("its reason");
    assert_eq!(info.metadata.get("limit").map(String::as_str), Some(limit), "{call}");
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(retry.is_some_and(|delay| !delay.is_zero()), "it says when to try again: {call}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_and_each_of_its_keys_have_the_calls_and_streams_that_its_record_says() {
    let deployment = Deployment::open(&[]).await;
    deployment.answer_evil("/v2/company*", WORK, None).await;
    endless_pages(&deployment.sandbox, 100).await;
    let calling = deployment.good.start().await;
    let second = another_key(&deployment).await;
    let limits = TenantLimits { max_calls: Some(10), max_calls_per_key: Some(6), max_streams: Some(2) };
    set(&deployment, limits).await;
    // Gateways that hear credential-vault follow within a second.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let of_key = at_once(&deployment.evil, 20).await;
    assert_eq!(answered(&of_key, "calls_per_key"), 6, "of one key");
    let first = at_once(&deployment.evil, 6);
    let rest = async {
        tokio::time::sleep(Duration::from_millis(WORK / 4)).await;
        at_once(&second, 20).await
    };
    let (first, rest) = tokio::join!(first, rest);
    assert_eq!(answered(&first, "none"), 6);
    assert_eq!(answered(&rest, "calls_per_tenant"), 4, "the other key has what is left of the tenant's");

    let mut connection = second.connect().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(connection.call(FOLLOW, hostile::frame(&all_pages())).await.expect("a call"));
    }
    let third = streams.pop().expect("three").end(TIMEOUT).await;
    assert_overloaded(&third, "streams_per_tenant");
    drop(streams);

    // Where the record says nothing, the settings hold again.
    set(&deployment, TenantLimits::default()).await;
    let begun = Instant::now();
    while at_once(&deployment.evil, 12).await.iter().any(|call| !call.is_ok()) {
        assert!(begun.elapsed() < TIMEOUT, "the record's limits still hold");
    }
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_key_has_no_more_calls_under_way_than_it_may_and_another_of_its_tenant_has_its_own() {
    let deployment = Deployment::open(&["gateway.max_calls_per_key=15"]).await;
    deployment.answer_evil("/v2/company*", WORK, None).await;
    let calling = deployment.good.start().await;
    let second = another_key(&deployment).await;
    let (one, two) = tokio::join!(at_once(&deployment.evil, 60), at_once(&second, 60));
    for ended in [one, two] {
        assert_eq!(answered(&ended, "calls_per_key"), 15);
        let refused = ended.iter().filter(|call| !call.is_ok());
        let slowest = refused.map(|call| call.took).max().expect("some were refused");
        assert!(slowest < Duration::from_millis(WORK), "they were refused at once: {slowest:?}");
    }
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_of_a_service_names_itself_and_says_when_to_try_again() {
    let settings = [
        "harvest_time.admission.max_in_flight=8",
        "harvest_time.admission.max_in_flight_per_tenant=4",
        "harvest_time.admission.max_waiting_per_tenant=8",
    ];
    let deployment = Deployment::open(&settings).await;
    deployment.answer_evil("/v2/company*", WORK / 2, None).await;
    let calling = deployment.good.start().await;
    let ended = at_once(&deployment.evil, 30).await;
    calling.stop().await.assert_unharmed();
    assert_eq!(answered(&ended, "waiting_per_tenant"), 12, "four run, and eight wait for them");
}
