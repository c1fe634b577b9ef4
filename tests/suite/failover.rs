//! What callers lose while HashiCorp Vault or credential-vault fails over: two replicas over three nodes, and calls of each kind
//! that go on meanwhile. With GRANARY_TEST_SIZE=full (`tests/run long failover`) there are more events, and longer ones.
mod load;

use std::path::Path;
use std::time::Duration;

use granary_proto::granary::policy::v1::Scope;
use granary_testkit::vault::NODES;
use granary_testkit::{Client, Cluster, VaultCluster};

use crate::support::{ready_account, sized};
use load::{COLD, Callers, Load};

/// Before an event, so that calls are seen to be well.
const CALM_INTERVAL: Duration = Duration::from_millis(1_500);

struct Deployment {
    vault: VaultCluster,
    services: Cluster,
    /// At a gateway that remembers tickets, with the operator's key.
    client: Client,
    /// At one that remembers one ticket.
    cold: Client,
}

impl Deployment {
    async fn start() -> Self {
        let vault = VaultCluster::start().await;
        let mut services = Cluster::prepare_on_nodes(&vault).await;
        let second = services.run_two_of_each(&["--set=gateway.max_tickets=1".to_owned()]).await;
        let client = services.client();
        for account in COLD.iter().chain(["warm"].iter()) {
            ready_account(&client, &services.sandbox(), account).await;
        }
        let cold = client.at(&second);
        Self { vault, services, client, cold }
    }

    /// Starts calls whose warm ones are remembered for a minute from now.
    async fn load(&self) -> Load {
        let scopes = [Scope::TimeRead.into(), Scope::AccountsRead.into()];
        let key = self.client.key("", &scopes, &[]).await.key_text;
        let callers = Callers { warm: self.client.with_key(&key), cold: self.cold.with_key(&key) };
        callers.warm.call("warm", "get_company", "{}").await.unwrap();
        callers.cold.call(COLD[0], "get_company", "{}").await.unwrap();
        let load = Load::start(&callers);
        tokio::time::sleep(CALM_INTERVAL).await;
        load
    }

    async fn leader_steps_down(&self) {
        let load = self.load().await;
        self.vault.step_down().await;
        load.finish().await.none_warm("the leader steps down");
    }

    async fn leader_is_lost(&mut self, in_order: bool) {
        let load = self.load().await;
        let leader = self.vault.leader().await;
        if in_order {
            self.vault.stop(leader).await;
        } else {
            self.vault.kill(leader).await;
        }
        load.finish().await.none_warm(if in_order { "the leader is ended" } else { "the leader is killed" });
        self.vault.restart(leader).await;
    }

    async fn two_of_three_are_sealed(&self) {
        let load = self.load().await;
        let sealed = [self.vault.seal_leader().await, self.vault.seal_leader().await];
        tokio::time::sleep(Duration::from_secs(5)).await;
        for node in sealed {
            self.vault.unseal(node).await;
        }
        load.finish().await.none_warm("two of three are sealed for five seconds");
    }

    async fn all_are_frozen(&self, time: Duration) {
        let load = self.load().await;
        for node in 0..NODES {
            self.vault.pause(node).await;
        }
        tokio::time::sleep(time).await;
        for node in 0..NODES {
            self.vault.resume(node).await;
        }
        load.finish().await.none_warm(&format!("all are frozen for {time:?}"));
    }

    async fn one_holds_its_requests(&self) {
        for node in 0..NODES {
            if node == self.vault.leader().await {
                continue;
            }
            let load = self.load().await;
            self.vault.pause(node).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            load.finish().await.nothing("a standby holds what it is sent");
            self.vault.resume(node).await;
            self.vault.serves(node).await;
        }
    }

    async fn snapshot_is_restored(&self) {
        let file = self.vault.dir().join("snapshot");
        let file = file.to_str().unwrap();
        let leader = self.vault.leader().await;
        // After the key of the calls was made: what a restored store does not know is refused.
        let load = self.load().await;
        self.vault.command(leader, &["operator", "raft", "snapshot", "save", file]).await;
        self.vault.command(leader, &["operator", "raft", "snapshot", "restore", file]).await;
        load.finish().await.none_warm("a snapshot is restored");
    }

    async fn audit_is_full(&self) {
        let (name, log) = (self.vault.dir().join("audit"), self.vault.dir().join("audit.log"));
        let leads_to = async |target: &Path| {
            let _ = std::fs::remove_file(&name);
            std::os::unix::fs::symlink(target, &name).unwrap();
            self.vault.hang_up().await;
        };
        std::fs::write(&log, "").unwrap();
        leads_to(&log).await;
        self.vault.api(self.vault.leader().await).enable_audit(&name).await;
        let load = self.load().await;
        leads_to(Path::new("/dev/full")).await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        leads_to(&log).await;
        load.finish().await.none_warm("the audit device is full for eight seconds");
    }

    async fn tokens_are_revoked(&self) {
        let api = self.vault.api(self.vault.leader().await);
        // Logins may not follow one another within 5 s.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let load = self.load().await;
        api.revoke_app_role_logins().await;
        load.finish().await.nothing("the tokens of both replicas are revoked");
    }

    async fn replicas_go_in_turn(&mut self) {
        let load = self.load().await;
        self.services.stop("credential-vault").await;
        tokio::time::sleep(CALM_INTERVAL).await;
        self.services.run("credential-vault");
        self.services.listens("vault").await;
        load.finish().await.nothing("one replica is ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_over_no_remembered_call_is_lost_and_others_are_told_of_the_store() {
    let mut deployment = Deployment::start().await;
    deployment.leader_is_lost(false).await;
    // Last of the two: who steps down does not stand for election for ten seconds.
    deployment.leader_steps_down().await;
    if sized(false, true) {
        tokio::time::sleep(Duration::from_secs(10)).await;
        deployment.leader_is_lost(true).await;
        deployment.two_of_three_are_sealed().await;
        deployment.one_holds_its_requests().await;
        deployment.all_are_frozen(Duration::from_secs(22)).await;
        deployment.audit_is_full().await;
        deployment.tokens_are_revoked().await;
        deployment.replicas_go_in_turn().await;
        deployment.snapshot_is_restored().await;
    }
}
