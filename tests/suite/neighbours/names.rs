//! A service's name is resolved again and again: an address that is new gets calls, and one that has left gets none.
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use granary_testkit::neighbours::Good;
use granary_testkit::{Cluster, is_root};

use super::Deployment;

const NAME: &str = "replicas.linkedin.test";
/// Two hosts of loopback. Each replica listens on a host of its own, at one port.
const HOSTS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 21))];
/// Names are resolved again every three seconds.
const FOLLOW_TIMEOUT: Duration = Duration::from_millis(4_000);
const METHOD: &str = "GetMyApiUser";

/// Says what the name is from now on, to processes that have this file for their own.
fn resolves_to(file: &Path, hosts: &[IpAddr]) {
    let lines: Vec<String> = hosts.iter().map(|host| format!("{host} {NAME}\n")).collect();
    // In place: what is mounted is the file itself.
    std::fs::write(file, format!("127.0.0.1 localhost\n{}", lines.concat())).expect("a file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_new_behind_a_name_gets_the_calls_and_one_that_left_gets_no_more() {
    let mut cluster = Cluster::prepare("").await;
    let port = cluster.address("linkedin-data").rsplit_once(':').expect("a port").1.to_owned();
    let address = format!("gateway.linkedin_data.address={NAME}:{port}");
    // The name is one of another machine, as far as the gateway can tell.
    cluster.set(&[&address, "gateway.linkedin_data.insecure_transport=true", "gateway.threads=1"]);
    let hosts = cluster.dir().join("hosts");
    resolves_to(&hosts, &HOSTS[..1]);
    for service in ["credential-vault", "harvest-time"] {
        cluster.run(service);
    }
    let metrics = format!("--set={}", cluster.metrics(1));
    cluster.run_with("linkedin-data", "linkedin-data", &[metrics]);
    let second = format!("linkedin_data.server.listen.address={}:{port}", HOSTS[1]);
    cluster.run_replica("linkedin-data-2", &[second, cluster.metrics(2)]);
    // The gateway alone sees the file, in a mount namespace of its own.
    let script = r#"mount --bind "$0" /etc/hosts && exec "$@""#;
    let file = hosts.display().to_string();
    let mut by = vec!["unshare", "--mount"];
    if !is_root() {
        by.extend(["--user", "--map-root-user"]);
    }
    by.extend(["sh", "-c", script, &file]);
    cluster.run_by(&by, "gateway");
    cluster.ready("gateway").await;
    let deployment = Deployment::around(cluster).await;
    let good = deployment.good.clone().calls(&[Good::ApiUser]);
    let calling = good.start().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(deployment.cluster.answered(2, METHOD).await, 0, "the name is not its own yet");

    resolves_to(&hosts, &HOSTS[1..]);
    let begun = Instant::now();
    while deployment.cluster.answered(2, METHOD).await == 0 {
        assert!(begun.elapsed() < FOLLOW_TIMEOUT, "the new address gets no call");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("the new address gets calls after {:?}", begun.elapsed());
    // What was under way is answered where it was.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = [deployment.cluster.answered(1, METHOD).await, deployment.cluster.answered(2, METHOD).await];
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = [deployment.cluster.answered(1, METHOD).await, deployment.cluster.answered(2, METHOD).await];
    calling.stop().await.assert_unharmed();
    assert_eq!(before[0], after[0], "the address that left got calls");
    assert!(after[1] > before[1] + 10, "the new one answered {} calls", after[1] - before[1]);
}
