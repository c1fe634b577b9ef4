//! What may go wrong between the store and Vault, one thing at a time, and what the store says of it.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_store::HashiCorp;
use granary_store::{CALL_TIMEOUT, Error, Expect, Outage, Store};
use granary_testkit::fault::Link;
use granary_testkit::{Fault, FaultProxy};

use granary_testkit::vault::ready::{Ready, all_operations, behind, outage};

/// What a call may take beyond its own limit on a machine that is busy.
const SLACK_DELAY: Duration = Duration::from_millis(900);

async fn through() -> (Ready, FaultProxy, Arc<dyn Store>) {
    let (ready, proxy, config) = behind().await;
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
    (ready, proxy, store)
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer { status, body: body.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_a_vault_in_trouble_has_a_name_of_its_own() {
    let (_ready, proxy, store) = through().await;
    for (status, body, expected) in [
        (503, r#"{"errors":["Vault is sealed"]}"#, Outage::Sealed),
        (500, r#"{"errors":["local node not active but active cluster node not found"]}"#, Outage::Standby),
        (500, r#"{"errors":["leadership lost while committing log"]}"#, Outage::Standby),
        (
            400,
            r#"{"errors":["Upgrading from non-versioned to versioned data. This backend will be unavailable"]}"#,
            Outage::Standby,
        ),
        (429, r#"{"errors":["request path \"granary\": rate limit quota exceeded"]}"#, Outage::RateLimited),
        (503, r#"{"errors":["overloaded, try again later"]}"#, Outage::RateLimited),
        (502, "<html>bad gateway</html>", Outage::Unreachable),
        (500, r#"{"errors":["1 error occurred: an internal one"]}"#, Outage::Unreachable),
        (504, "", Outage::Unreachable),
        (500, r#"{"errors":["internal error"]}"#, Outage::AuditFull),
    ] {
        proxy.always(answer(status, body));
        for (operation, outcome) in all_operations(&store).await {
            let told = format!("{operation} on {status} {body}: {outcome:?}");
            assert_eq!(outage(outcome), expected, "{told}");
        }
    }
    proxy.heal().await;
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_an_outage_and_no_value() {
    let (_ready, proxy, store) = through().await;
    let torn = r#"{"request_id":"","lease_id":"","renewable":false,"lease_duration":0,"data":{"#;
    for body in ["", "null", "7", "[1]", "<html>welcome</html>", "{}", r#"{"data":{"data":{}}}"#, torn] {
        proxy.always(answer(200, body));
        // Of these two nothing is read but the status.
        let blind = ["delete", "rotate"];
        let all = all_operations(&store).await;
        for (operation, outcome) in all.into_iter().filter(|(name, _)| !blind.contains(name)) {
            let told = format!("{operation} on {body}: {outcome:?}");
            assert_eq!(outage(outcome), Outage::Unreadable, "{told}");
        }
    }
    proxy.heal().await;
    store.put("system/torn", b"x".to_vec(), Expect::Absent).await.unwrap();
    proxy.next(1, "GET", "system/torn", Fault::Truncate);
    assert_eq!(outage(store.get("system/torn").await), Outage::Unreadable);
    assert_eq!(store.get("system/torn").await.unwrap().unwrap().data, b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_vault_did_not_seal_is_not_taken_for_a_sealed_one() {
    let (_ready, proxy, store) = through().await;
    let body = r#"{"request_id":"","lease_id":"","renewable":false,"lease_duration":0,
        "data":{"ciphertext":"plain","key_version":1}}"#;
    proxy.always(answer(200, body));
    let sealed =
        all_operations(&store).await.into_iter().filter(|(name, _)| ["seal", "rewrap"].contains(name));
    for (operation, outcome) in sealed {
        assert!(outcome.is_err(), "{operation} took it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere_else() {
    let (ready, proxy, store) = through().await;
    let elsewhere = FaultProxy::start(ready.server.address()).await;
    proxy.always(Fault::Redirect(elsewhere.address()));
    for (operation, outcome) in all_operations(&store).await {
        assert_eq!(outage(outcome), Outage::Standby, "{operation}");
    }
    assert_eq!(elsewhere.seen(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_asked_where_one_cannot_serve() {
    let (ready, proxy, _) = behind().await;
    let well = FaultProxy::start(ready.server.address()).await;
    let config = ready.app_role_at(&[&proxy.address(), &well.address()]);
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
    let standby = answer(500, r#"{"errors":["local node not active but active cluster node not found"]}"#);
    for (number, fault) in [standby, answer(503, r#"{"errors":["Vault is sealed"]}"#)].into_iter().enumerate()
    {
        proxy.always(fault.clone());
        // Whichever of the two is asked first, one is left over.
        for (operation, outcome) in all_operations(&store).await {
            let told = format!("{operation} on {fault:?}: {outcome:?}");
            assert!(!matches!(outcome, Err(Error::Unavailable { .. })), "{told}");
        }
        proxy.heal().await;
        well.always(fault);
        let path = format!("system/fresh-{number}");
        store.put(&path, b"x".to_vec(), Expect::Absent).await.unwrap();
        store.check().await.unwrap();
        well.heal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_is_waited_for_and_a_stall_ends_after_five() {
    let (_ready, proxy, store) = through().await;
    proxy.always(Fault::Delay(Duration::from_secs(1)));
    let begun = Instant::now();
    for (operation, outcome) in all_operations(&store).await {
        assert!(!matches!(outcome, Err(Error::Unavailable { .. })), "{operation}: {outcome:?}");
    }
    assert!(begun.elapsed() >= Duration::from_secs(1));
    proxy.always(Fault::Stall);
    let begun = Instant::now();
    let check = async {
        let outcome = store.check().await;
        (outcome, begun.elapsed())
    };
    let (all, (checked, after)) = tokio::join!(all_operations(&store), check);
    let elapsed = begun.elapsed();
    for (operation, outcome) in all {
        assert_eq!(outage(outcome), Outage::Slow, "{operation}");
    }
    assert!(elapsed >= CALL_TIMEOUT - SLACK_DELAY && elapsed <= CALL_TIMEOUT + SLACK_DELAY, "{elapsed:?}");
    assert_eq!(outage(checked), Outage::Slow);
    assert!(after <= Duration::from_secs(2), "{after:?}");
    proxy.heal().await;
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_not_there_is_told_at_once_and_found_when_it_is_back() {
    let (_ready, proxy, store) = through().await;
    proxy.link(Link::Refused).await;
    let begun = Instant::now();
    for (operation, outcome) in all_operations(&store).await {
        assert_eq!(outage(outcome), Outage::Unreachable, "{operation}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    proxy.heal().await;
    store.put("system/back", b"x".to_vec(), Expect::Absent).await.unwrap();
    proxy.always(Fault::CutBefore);
    assert_eq!(outage(store.get("system/back").await), Outage::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_overwrites_a_version_that_he_did_not_read() {
    let (_ready, _proxy, store) = through().await;
    let path = "system/raced";
    let first = store.put(path, b"one".to_vec(), Expect::Absent).await.unwrap();
    let second = store.put(path, b"two".to_vec(), Expect::Version(first)).await.unwrap();
    for wrong in [Expect::Absent, Expect::Version(first), Expect::Version(second + 1), Expect::Version(0)] {
        let refused = store.put(path, b"three".to_vec(), wrong).await;
        assert!(matches!(refused, Err(Error::Conflict)), "{wrong:?}: {refused:?}");
    }
    let read = store.get(path).await.unwrap().unwrap();
    assert_eq!((read.data, read.version), (b"two".to_vec(), second));
}
