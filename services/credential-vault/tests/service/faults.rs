use std::sync::Arc;
use std::time::Duration;

use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_proto::granary::internal::v1::{IssueTicketRequest, WatchInvalidationsRequest};
use granary_rpc::Reason;
use tokio::sync::Notify;

use crate::support::{LOG_TIME, Options, harvest_token, reason, suite, suite_on};

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_settled_by_its_id() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.store.lose_answers(1);
    let state = suite.put(key, "u", harvest_token("two"), Some(1)).await.unwrap();
    assert_eq!(state.version, 2, "neither a conflict with itself, nor a second write");
    assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].kept_versions, vec![1, 2]);
}

#[tokio::test]
async fn an_outage_is_ours_to_mend_and_says_when_to_try_again() {
    use tonic_types::StatusExt;

    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    let principal_token = suite.principal(key).await;
    suite.store.fail(1_000);
    let request =
        IssueTicketRequest { principal_token, identifier: "u".to_owned(), method: LOG_TIME.to_owned() };
    let status = suite.brokers().issue_ticket(request).await.unwrap_err();
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    assert!(!status.message().contains("a test says so"), "the cause is the operator's");
    assert_eq!(reason::<()>(Err(status)), Reason::StoreUnavailable);
    assert_eq!(reason(suite.get(key, "u").await), Reason::StoreUnavailable);
    assert_eq!(reason(suite.put(key, "u", harvest_token("two"), None).await), Reason::StoreUnavailable);
    suite.store.fail(0);
    assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_lose_no_write_of_one_another() {
    let one = Arc::new(suite().await);
    let mut two = suite_on(Arc::clone(&one.store), Options::default()).await;
    two.operator = one.operator.clone();
    let two = Arc::new(two);
    one.create(&one.operator, "u").await;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..40 {
        let suite = Arc::clone(if n % 2 == 0 { &one } else { &two });
        writers.spawn(async move {
            let text = format!("token-{n}");
            suite.put(&suite.operator, "u", harvest_token(&text), None).await.unwrap().version
        });
    }
    let mut versions = writers.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (1..=40).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_caller_goes_away_is_finished_and_announced() {
    let suite = Arc::new(suite().await);
    suite.create(&suite.operator, "u").await;
    let watch = suite.brokers().watch_invalidations(WatchInvalidationsRequest {}).await.unwrap();
    let mut watch = watch.into_inner();
    let gate = Arc::new(Notify::new());
    *suite.store.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let put = tokio::spawn({
        let suite = Arc::clone(&suite);
        async move { suite.put(&suite.operator, "u", harvest_token("t"), None).await }
    });
    while Arc::strong_count(&gate) < 3 {
        tokio::task::yield_now().await;
    }
    put.abort();
    assert!(put.await.unwrap_err().is_cancelled());
    tokio::time::sleep(Duration::from_millis(100)).await;
    gate.notify_one();
    let announced = async {
        while !matches!(watch.message().await.unwrap().unwrap().event, Some(Event::AccountChanged(_))) {}
    };
    tokio::time::timeout(Duration::from_secs(2), announced).await.unwrap();
    assert_eq!(suite.get(&suite.operator, "u").await.unwrap().credentials[0].version, 1);
}
