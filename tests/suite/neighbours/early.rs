//! Refusals that come before the request has: the rest of it is still on its way, and costs nobody else a call.
use std::time::Duration;

use granary_testkit::Hostile;
use granary_testkit::hostile::{How, unfinished};
use granary_testkit::neighbours::Good;
use tokio::task::JoinSet;

use super::{COMPANY, Deployment, TOOL, attack_time, sized};

/// Bytes of a body, of which half come with the call.
const BODY: usize = 4_000;

/// Refused calls on one connection, again and again, each body of which goes on after the refusal. Returns how many were made,
/// and how the connection was.
async fn refused(caller: Hostile, late: Duration) -> (usize, How) {
    let (begun, mut made) = (std::time::Instant::now(), 0);
    let mut connection = caller.connect().await;
    let body = unfinished(BODY);
    while begun.elapsed() < attack_time() {
        let mut calls = Vec::new();
        for number in 0..sized(50, 100) {
            let Some(mut call) = connection.begin([COMPANY, TOOL][number % 2]).await else { break };
            call.send(body.slice(..BODY / 2), false);
            calls.push(call);
        }
        tokio::time::sleep(late).await;
        for mut call in calls {
            // It may have been reset by then.
            call.send(body.slice(BODY / 2..), false);
            let ended = call.end(Duration::from_secs(2)).await;
            made += usize::from(ended.status.is_some_and(|status| status.code() as i32 != 0));
        }
    }
    (made, connection.ended(Duration::ZERO).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_refusals_in_bulk_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    deployment.slow_vendor(100).await;
    let calls = [Good::Company, Good::TimeEntry, Good::Account];
    let calling = deployment.good.clone().calls(&calls).start().await;
    let mut strangers = JoinSet::new();
    for number in 0..4 {
        let wrong = Hostile::new(&deployment.gateway()).with_key("wrong").with_account("x");
        strangers.spawn(refused(wrong, Duration::from_millis(10 * number)));
    }
    let strangers = strangers.join_all().await;
    let made: usize = strangers.iter().map(|(made, _)| made).sum();
    println!("{made} calls were refused before their bodies had come");
    calling.stop().await.assert_unhurt(Duration::from_secs(1));
    assert!(made > sized(1_000, 10_000), "only {made} were refused");
    assert!(strangers.iter().all(|(_, how)| *how == How::Open), "{strangers:?}");
}
