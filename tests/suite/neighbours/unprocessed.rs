//! What a service says that it did not begin goes out again, once and whatever it does; what was never written stays unsent.
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::LogTimeEntryRequest;
use granary_testkit::hostile::{self, Call, EMPTY, How};
use granary_testkit::neighbours::{self, Answered, Good, key_of};
use granary_testkit::{Cluster, Deed, FaultProxy, Impostor, Link};
use tonic::Code;

use super::{COMPANY, Deployment, TIME_ENTRY};

/// So many that each kind of call meets the impostor many times, whichever of two addresses it is sent to first.
const CALLS: usize = 30;
const LIST_TOOLS: &str = "/granary.gateway.v1.ToolService/ListTools";
const TIMEOUT: Duration = Duration::from_secs(3);

/// The services, with an impostor beside harvest-time and beside linkedin-data.
async fn beside(impostor: &Impostor) -> Deployment {
    let mut cluster = Cluster::prepare("").await;
    let both = |name| format!("{},{}", cluster.address(name), impostor.address());
    let settings = [
        format!("gateway.harvest_time.address={}", both("harvest-time")),
        format!("gateway.linkedin_data.address={}", both("linkedin-data")),
    ];
    cluster.set(&settings.each_ref().map(String::as_str));
    // The gateway would take the impostor's health for theirs, so it comes last.
    for service in ["credential-vault", "harvest-time", "linkedin-data"] {
        cluster.run(service);
    }
    cluster.listens("harvest-time").await;
    cluster.listens("linkedin-data").await;
    cluster.run("gateway");
    cluster.ready("gateway").await;
    Deployment::around(cluster).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_and_charged_reads_that_were_not_begun_are_sent_again_once_and_succeed() {
    for deed in [Deed::Refuse, Deed::GoAway] {
        let impostor = Impostor::start(deed.clone(), 100).await;
        let deployment = beside(&impostor).await;
        let (client, account) = (deployment.good.client(), deployment.good.account());
        for (good, path) in [(Good::TimeEntry, "/v2/time_entries"), (Good::Profile, "/linkedin/profile")] {
            let (before, turned_away) = (deployment.sandbox.newest().await, impostor.calls().len());
            let balance = deployment.sandbox.balance(&key_of(account)).await;
            let mut charged = 0;
            for number in 0..CALLS {
                let answer = neighbours::call(client, account, good).await;
                match answer
                    .unwrap_or_else(|e| panic!("{good:?} {number}, {deed:?}: {}", neighbours::told(&e)))
                {
                    Answered::Charged(cost) => charged += cost,
                    Answered::Entry(_) | Answered::Read => {}
                }
            }
            let journal = deployment.sandbox.journal(before).await;
            let arrived = journal.iter().filter(|call| call.path.starts_with(path)).count();
            let billed = balance - deployment.sandbox.balance(&key_of(account)).await;
            let turned_away = impostor.calls().len() - turned_away;
            println!("{good:?}, {deed:?}: {turned_away} of {CALLS} were not begun at first");
            assert!((1..=CALLS).contains(&turned_away), "the impostor turned {turned_away} calls away");
            assert_eq!(arrived, CALLS, "{good:?}, {deed:?}: each arrives at the vendor once");
            assert_eq!(billed, charged, "{good:?}, {deed:?}: what was billed, and what was told");
        }
    }
}

/// An entry that can be told from others.
fn entry(notes: &str) -> Bytes {
    hostile::frame(&LogTimeEntryRequest {
        project_id: 12_345_678,
        task_id: 87_654_321,
        spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
        hours: Some(Decimal { value: "1".into() }),
        notes: Some(notes.to_owned()),
        ..Default::default()
    })
}

/// A service takes one call at a time, so that all others wait in the gateway, on a connection that they share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ends_before_it_was_written_is_not_sent_any_more() {
    const HOLD_DELAY: Duration = Duration::from_millis(500);
    let impostor = Impostor::start(Deed::Answer(HOLD_DELAY), 1).await;
    let address = format!("gateway.harvest_time.address={}", impostor.address());
    let deployment = Deployment::open(&[&address, "gateway.threads=1"]).await;
    // Its ticket is there from now on.
    let caller = deployment.evil.clone();
    let mut connection = caller.connect().await;
    let first = connection.call(COMPANY, EMPTY).await.expect("a call").end(HOLD_DELAY * 4).await;
    assert!(first.is_ok(), "{first}");

    let holding = connection.call(COMPANY, EMPTY).await.expect("a call");
    tokio::time::sleep(HOLD_DELAY / 5).await;
    let mut taken_back = Vec::new();
    for _ in 0..10 {
        taken_back.push(connection.call(TIME_ENTRY, entry("taken back")).await.expect("a call"));
    }
    connection.becomes(&caller.clone().with_timeout("150m"));
    let mut late = Vec::new();
    for _ in 0..10 {
        late.push(connection.call(TIME_ENTRY, entry("late")).await.expect("a call"));
    }
    connection.becomes(&caller);
    let kept = connection.call(TIME_ENTRY, entry("kept")).await.expect("a call");
    tokio::time::sleep(HOLD_DELAY / 5).await;
    assert_eq!(impostor.calls().len(), 2, "they wait");
    taken_back.into_iter().for_each(Call::cancel);
    let late = join_all(late.into_iter().map(|call| call.end(HOLD_DELAY))).await;
    for call in late {
        let code = call.status.as_ref().map(tonic::Status::code);
        assert!(call.how == How::Answered && code == Some(Code::DeadlineExceeded), "{call}");
    }
    assert!(holding.end(HOLD_DELAY).await.is_ok());
    let kept = kept.end(HOLD_DELAY * 3).await;
    assert!(kept.is_ok(), "{kept}");
    // What would still be sent comes by now. Of what a connection had already numbered, the peer may hear that it is no more.
    tokio::time::sleep(HOLD_DELAY + HOLD_DELAY / 5).await;
    let mut messages = impostor.calls().split_off(2);
    messages.retain(|message| !message.is_empty());
    assert_eq!(messages, [entry("kept")], "what was taken back or late was sent, too");
}

/// The broker says nothing, so that calls without a ticket wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ends_before_it_has_a_ticket_is_never_sent() {
    const WAIT_DELAY: Duration = Duration::from_millis(300);
    let impostor = Impostor::start(Deed::Answer(Duration::ZERO), 100).await;
    let mut cluster = Cluster::prepare("").await;
    let broker = FaultProxy::start(&cluster.address("broker")).await;
    let harvest = format!("gateway.harvest_time.address={}", impostor.address());
    cluster.set(&[&harvest, &format!("gateway.broker.address={}", broker.address())]);
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    let deployment = Deployment::around(cluster).await;
    // The key is known, the account's ticket for a write is not.
    let mut connection = deployment.evil.connect().await;
    let known = connection.call(LIST_TOOLS, EMPTY).await.expect("a call").end(TIMEOUT).await;
    assert!(known.is_ok(), "{known}");
    broker.link(Link::Partitioned).await;
    let mut taken_back = Vec::new();
    for _ in 0..10 {
        taken_back.push(connection.call(TIME_ENTRY, entry("taken back")).await.expect("a call"));
    }
    connection.becomes(&deployment.evil.clone().with_timeout("150m"));
    let mut late = Vec::new();
    for _ in 0..10 {
        late.push(connection.call(TIME_ENTRY, entry("late")).await.expect("a call"));
    }
    connection.becomes(&deployment.evil);
    let kept = connection.call(TIME_ENTRY, entry("kept")).await.expect("a call");
    tokio::time::sleep(WAIT_DELAY).await;
    taken_back.into_iter().for_each(Call::cancel);
    // That takes a moment to arrive, on a busy machine.
    tokio::time::sleep(WAIT_DELAY).await;
    for call in join_all(late.into_iter().map(|call| call.end(WAIT_DELAY))).await {
        let code = call.status.as_ref().map(tonic::Status::code);
        assert!(call.how == How::Answered && code == Some(Code::DeadlineExceeded), "{call}");
    }
    broker.heal().await;
    let kept = kept.end(TIMEOUT).await;
    assert!(kept.is_ok(), "{kept}");
    tokio::time::sleep(WAIT_DELAY).await;
    assert_eq!(impostor.calls(), [entry("kept")], "what was taken back or late was sent, too");
}
