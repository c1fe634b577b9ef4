//! The services as processes of their own.
use granary_rpc::Reason;
use granary_testkit::{Cluster, Process, cluster::SERVICES};

use crate::support::{ready_account, reason};

#[tokio::test]
async fn each_service_may_start_last_or_restart_without_the_others() {
    let mut cluster = Cluster::prepare("").await;
    // The gateway first, credential-vault last.
    for service in SERVICES.iter().rev() {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    let (client, sandbox) = (cluster.client(), cluster.sandbox());
    ready_account(&client, &sandbox, "a").await;
    for service in SERVICES {
        cluster.stop(service).await;
        if service == "harvest-time" {
            let failure = client.call("a", "get_company", "{}").await;
            assert_eq!(reason(failure), Reason::ServiceUnavailable, "while {service} is away");
        }
        cluster.away(service).await;
        cluster.run(service);
        cluster.ready("gateway").await;
        client.call("a", "get_company", "{}").await.unwrap_or_else(|e| panic!("after {service}: {e:?}"));
        client.call("a", "get_my_api_user", "{}").await.unwrap_or_else(|e| panic!("after {service}: {e:?}"));
    }
    // A kill as well.
    for service in ["credential-vault", "harvest-time"] {
        cluster.kill(service).await;
        cluster.away(service).await;
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    client.call("a", "get_company", "{}").await.unwrap();
    let log = cluster.process("gateway").log_text();
    assert!(log.contains("gateway listens") && !log.contains('\u{1b}'), "colours in a file: {log:.300}");
}

#[tokio::test]
async fn a_configuration_with_faults_reports_all_of_them_and_nothing_starts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.toml");
    std::fs::write(
        &file,
        "[gateway]\nlisten.address = \"0.0.0.0:1\"\nno_such = 1\nthreads = \"many\"\n[nope]\nx = 1\n",
    )
    .unwrap();
    let args = ["gateway", "--config", &file.display().to_string(), "--check-config"].map(str::to_owned);
    let mut process = Process::start(dir.path(), "check", &args, &[]);
    assert_eq!(process.ended().await.code(), Some(3));
    let told = process.log_text();
    for part in ["no_such", "threads", "nope"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    std::fs::write(&file, "[gateway]\nlisten.address = \"0.0.0.0:1\"\n").unwrap();
    let mut process = Process::start(dir.path(), "check-2", &args, &[]);
    assert_eq!(process.ended().await.code(), Some(3));
    let told = process.log_text();
    assert!(told.contains("not loopback") && told.contains("broker: calls between services"), "{told}");
}
