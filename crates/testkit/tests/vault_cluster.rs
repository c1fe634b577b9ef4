//! The cluster goes through what tests of fail-over put it through. One test: it takes a while to start.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::time::Duration;

use granary_testkit::vault::Api;
use granary_testkit::{FaultProxy, Link, VaultCluster};
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Writes until a node accepts it.
async fn write(api: &Api, value: &str) {
    let wait = async {
        loop {
            let body = json!({"data": {"value": value}});
            let answer = api.try_request("POST", "kv/data/x", body).await;
            if answer.is_ok_and(|a| a.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, wait).await.expect("the write is accepted in time");
}

async fn value(api: &Api) -> Value {
    api.must("GET", "kv/data/x", Value::Null).await["data"]["data"]["value"].clone()
}

#[tokio::test]
async fn a_leader_that_is_lost_is_replaced_and_what_was_written_stays() {
    let mut cluster = VaultCluster::start().await;
    let first = cluster.leader().await;
    cluster.api(first).mount_kv("kv").await;
    write(cluster.api(first), "one").await;
    // A standby hands on what it is asked.
    assert_eq!(value(cluster.api((first + 1) % 3)).await, "one");

    cluster.kill(first).await;
    let second = cluster.leader().await;
    assert_ne!(first, second);
    assert_eq!(value(cluster.api(second)).await, "one");
    write(cluster.api(second), "two").await;
    cluster.restart(first).await;
    cluster.voters(3).await;
    assert_eq!(value(cluster.api(first)).await, "two");

    cluster.step_down().await;
    let third = cluster.leader().await;
    assert_ne!(second, third);
    cluster.serves(third).await;
    assert_eq!(value(cluster.api(third)).await, "two");

    cluster.pause(third).await;
    let fourth = cluster.leader().await;
    assert_ne!(third, fourth);
    write(cluster.api(fourth), "three").await;
    cluster.resume(third).await;
    cluster.api(third).until("sys/health", TIMEOUT, |answer| answer.status == 429).await;
    cluster.serves(third).await;
    assert_eq!(value(cluster.api(third)).await, "three");

    let proxy = FaultProxy::start(cluster.address(fourth)).await;
    let ca = std::fs::read_to_string(cluster.ca_file()).unwrap();
    let through = Api::with_ca(&proxy.address(), cluster.root_token(), &ca);
    assert_eq!(value(&through).await, "three");
    proxy.link(Link::Refused).await;
    through.try_request("GET", "sys/health", Value::Null).await.unwrap_err();

    let stranger = Api::new(cluster.address(fourth), cluster.root_token());
    stranger.try_request("GET", "sys/health", Value::Null).await.unwrap_err();
}
