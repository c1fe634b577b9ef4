use granary_rpc::Reason;

use crate::support::{LOG_TIME, harvest_token, reason, suite};

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
    suite.store.fail(1_000);
    let status = suite.ticket(key, "u", LOG_TIME).await.unwrap_err();
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    assert!(!status.message().contains("a test says so"), "the cause is the operator's");
    assert_eq!(reason::<()>(Err(status)), Reason::StoreUnavailable);
    assert_eq!(reason(suite.get(key, "u").await), Reason::StoreUnavailable);
    assert_eq!(reason(suite.put(key, "u", harvest_token("two"), None).await), Reason::StoreUnavailable);
    suite.store.fail(0);
    assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].version, 1);
}
