//! Long calls, over a broker that answers what a test says.
use std::future::poll_fn;
use std::sync::atomic::Ordering;

use super::*;
use crate::fake::{Fake, admitted, bearer, key_id};

/// A long call of a tenant on one of its accounts.
async fn begin_as(core: &Core, tenant: &str, account: &str) -> UnderWay {
    let soon = Deadline::after(Duration::from_secs(5));
    let caller = admitted(core, tenant, soon).await;
    let account = Identifier::parse(account).unwrap();
    let method = core.shared.table.path("/granary.harvest.v1.HarvestTime/GetCompany").unwrap();
    let ticket = core.ticket(&caller, &account, method, soon).await.unwrap();
    let (authorization, incarnation) = (bearer(tenant), ticket.incarnation());
    core.under_way.begin(core, Subject { authorization, caller, account, method, incarnation })
}

async fn begin(core: &Core) -> UnderWay {
    begin_as(core, "t", "a").await
}

/// The refusal, if one comes in this time.
async fn refusal(under_way: &mut UnderWay, within: Duration) -> Option<Status> {
    tokio::time::timeout(within, poll_fn(|cx| under_way.poll_refused(cx))).await.ok()
}

#[tokio::test]
async fn a_change_that_is_taken_for_ones_own_is_asked_about_and_ends_nothing() {
    let fake = Fake::default();
    let core = fake.core().await;
    let mut under_way = begin(&core).await;
    tokio::spawn(review(core.clone()));
    let other = core.shared.generations.account_beside("t", "a");
    assert!(refusal(&mut under_way, REVIEW_INTERVAL * 2).await.is_none());
    assert_eq!(fake.tickets(), 1, "nothing changed, so nothing is asked");

    core.shared.generations.account_changed("t", &other);
    // Until it has settled, it is asked again and again; then it is known to be allowed.
    assert!(refusal(&mut under_way, Duration::from_millis(1_500)).await.is_none());
    let asked = fake.tickets();
    assert!(asked > 1, "the call was asked about");
    assert!(refusal(&mut under_way, REVIEW_INTERVAL * 2).await.is_none());
    assert_eq!(fake.tickets(), asked, "it goes on, and nobody asks any more");

    fake.is_revoked.store(true, Ordering::SeqCst);
    core.shared.generations.account_changed("t", &other);
    let refused =
        refusal(&mut under_way, Duration::from_secs(1)).await.expect("it is asked about all the same");
    assert_eq!(error::reason_of(&refused), Some(Reason::ApiKeyInvalid), "{refused:?}");
}

/// What one tenant's calls are asked about waits for that tenant alone.
#[tokio::test]
async fn a_tenant_whose_questions_are_not_answered_keeps_no_revoked_call_of_another_going() {
    let fake = Fake::default();
    let core = fake.core().await;
    let mut hostile = Vec::new();
    for number in 0..MAX_QUESTIONS * 3 {
        hostile.push(begin_as(&core, "evil", &format!("evil-{number}")).await);
    }
    let mut under_way = begin(&core).await;
    tokio::spawn(review(core.clone()));
    fake.silent.lock().unwrap().insert("evil".to_owned());
    for number in 0..hostile.len() {
        core.shared.generations.account_changed("evil", &format!("evil-{number}"));
    }
    // Their questions are under way.
    tokio::time::sleep(REVIEW_INTERVAL * 2).await;
    fake.is_revoked.store(true, Ordering::SeqCst);
    core.shared.generations.key_changed(&key_id("t"));
    let refused = refusal(&mut under_way, Duration::from_secs(1)).await.expect("it ends within a second");
    assert_eq!(error::reason_of(&refused), Some(Reason::ApiKeyInvalid), "{refused:?}");
}
