//! Open files and connections: the limit of the system is used as far as it goes, and ours counts for the process.
use std::time::Duration;

use granary_testkit::hostile::Connection;
use granary_testkit::{Cluster, Hostile};

use super::crowds::{ELSEWHERE, idle};
use super::{Deployment, attack_time};

/// Kept and refused connections show a moment later.
const SHOW_TIMEOUT: Duration = Duration::from_millis(300);

fn open(all: &[Connection]) -> usize {
    all.iter().filter(|connection| connection.is_open()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let mut cluster = Cluster::prepare("").await;
    cluster.run("harvest-time");
    cluster.run("linkedin-data");
    for service in ["credential-vault", "gateway"] {
        cluster.run_by(&["prlimit", "--nofile=64:4096"], service);
    }
    cluster.ready("gateway").await;
    let deployment = Deployment::around(cluster).await;
    let calling = deployment.good.start().await;
    for (listener, process) in [("gateway", "gateway"), ("vault", "credential-vault")] {
        let all = idle(&Hostile::new(&deployment.cluster.address(listener)).from(ELSEWHERE), 400).await;
        tokio::time::sleep(SHOW_TIMEOUT).await;
        assert_eq!((all.len(), open(&all)), (400, 400), "connections to {listener} that stay");
        let files = deployment.cluster.process(process).descriptors();
        assert!(files > 400, "{process} has {files} files open");
    }
    tokio::time::sleep(attack_time()).await;
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_counted_for_all_threads_of_the_process_together() {
    const MOST: usize = 20;
    let settings = [format!("gateway.limits.max_connections={MOST}"), "gateway.threads=2".to_owned()];
    let deployment = Deployment::open(&settings.each_ref().map(String::as_str)).await;
    // So many that each of the two threads is offered more than there may be in all.
    let all = idle(&Hostile::new(&deployment.gateway()), 6 * MOST).await;
    tokio::time::sleep(SHOW_TIMEOUT).await;
    let kept = open(&all);
    // Those by which the deployment was prepared are among them.
    assert!((MOST / 2..=MOST).contains(&kept), "{kept} connections are open, {MOST} may be");
    drop(all);
    tokio::time::sleep(SHOW_TIMEOUT).await;
    deployment.good.call_for(SHOW_TIMEOUT).await.assert_unharmed();
}
