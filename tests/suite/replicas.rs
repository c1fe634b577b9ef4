//! Two replicas of credential-vault and two gateways over one HashiCorp Vault.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{
    DisableConnectedAccountRequest, RevokeApiKeyRequest, RevokeCredentialRequest,
};
use granary_rpc::{Reason, error};
use granary_testkit::vault::VaultServer;
use granary_testkit::{Canary, Client, Cluster, Sandbox};
use tokio::sync::Mutex;

use crate::support::{key, make_known, ready_account};

const TIMEOUT: Duration = Duration::from_secs(1);
/// Calls a second while replicas are killed.
const RATE: u64 = 200;

/// Two of each, with clients of both gateways; the first client puts through the first replica's own address, the second
/// through the second's.
async fn two_of_each(vault: &VaultServer) -> (Cluster, [Client; 2]) {
    let mut cluster = Cluster::prepare_on(vault).await;
    let second = cluster.run_two_of_each(&[]).await;
    let one = cluster.client();
    let two = one.at(&second).with_vault(&cluster.address("vault-2"));
    (cluster, [one, two])
}

async fn refused(clients: &[Client], account: &str, expected: Reason, since: Instant) {
    for client in clients {
        loop {
            match client.call(account, "get_my_api_user", "{}").await {
                Err(status) if error::reason_of(&status) == Some(expected) => break,
                other => assert!(since.elapsed() < TIMEOUT, "after {:?}: {other:?}", since.elapsed()),
            }
        }
        // And it stays so: nothing that a replica answered from its memory is kept.
        for _ in 0..20 {
            let status = client.call(account, "get_my_api_user", "{}").await.unwrap_err();
            if since.elapsed() > TIMEOUT {
                assert_eq!(error::reason_of(&status), Some(expected));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn what_changes_at_one_replica_is_so_through_both_gateways_within_a_second() {
    let vault = VaultServer::dev().await;
    let (cluster, clients) = two_of_each(&vault).await;
    let sandbox = cluster.sandbox();
    let [one, two] = &clients;
    ready_account(one, &sandbox, "a").await;
    for round in 0..4 {
        let canary = Canary::new(&format!("rotation-{round}"));
        make_known(&sandbox, "unused-token-0001", 950_001, &canary.0).await;
        for client in &clients {
            client.call("a", "get_my_api_user", "{}").await.unwrap();
        }
        // At either replica in turn.
        [one, two][round % 2].put("a", &key(&canary.0)).await.unwrap();
        let since = Instant::now();
        for client in &clients {
            while !arrives(client, &sandbox, &canary.0).await {
                assert!(since.elapsed() < TIMEOUT, "the old credential after {:?}", since.elapsed());
            }
        }
        while since.elapsed() < 2 * TIMEOUT {
            for client in &clients {
                let arrived = arrives(client, &sandbox, &canary.0).await;
                assert!(arrived || since.elapsed() < TIMEOUT, "the old credential is back");
            }
        }
    }

    let request =
        RevokeCredentialRequest { identifier: "a".into(), kind: CredentialKind::HarvestapiKey.into() };
    two.vault().revoke_credential(request).await.unwrap();
    refused(&clients, "a", Reason::CredentialRevoked, Instant::now()).await;

    ready_account(one, &sandbox, "b").await;
    let made = one.key("", &(1..=8).collect::<Vec<i32>>(), &[]).await;
    let holders = [one.with_key(&made.key_text), two.with_key(&made.key_text)];
    for client in &holders {
        client.call("b", "get_my_api_user", "{}").await.unwrap();
    }
    let key_id = made.api_key.unwrap().key_id;
    two.admin().revoke_api_key(RevokeApiKeyRequest { key_id }).await.unwrap();
    refused(&holders, "b", Reason::ApiKeyInvalid, Instant::now()).await;

    for client in &clients {
        client.call("b", "get_my_api_user", "{}").await.unwrap();
    }
    let request = DisableConnectedAccountRequest { identifier: "b".into() };
    one.vault().disable_connected_account(request).await.unwrap();
    refused(&clients, "b", Reason::AccountDisabled, Instant::now()).await;
}

/// Whether a call through this gateway carries this secret.
async fn arrives(client: &Client, sandbox: &Sandbox, secret: &str) -> bool {
    let before = sandbox.newest().await;
    client.call("a", "get_my_api_user", "{}").await.unwrap();
    sandbox.journal(before).await.into_iter().flat_map(|call| call.credentials).any(|c| c == secret)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_replica_killed_in_turn_loses_no_call_but_those_in_flight() {
    let vault = VaultServer::dev().await;
    let (mut cluster, clients) = two_of_each(&vault).await;
    let sandbox = cluster.sandbox();
    for n in 0..20 {
        ready_account(&clients[0], &sandbox, &format!("u{n}")).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (done, in_flight) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let failures: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
    let load = {
        let (clients, stop, done, failures) = (clients.clone(), stop.clone(), done.clone(), failures.clone());
        let in_flight = in_flight.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
            let mut number = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                tick.tick().await;
                number += 1;
                let client = clients[number % 2].clone();
                let (done, failures, in_flight) = (done.clone(), failures.clone(), in_flight.clone());
                tokio::spawn(async move {
                    in_flight.fetch_add(1, Ordering::Relaxed);
                    let began = Instant::now();
                    let account = format!("u{}", number % 20);
                    match client.call(&account, "get_my_api_user", "{}").await {
                        Ok(_) => drop(done.fetch_add(1, Ordering::Relaxed)),
                        Err(status) => failures.lock().await.push((began, format!("{status:?}"))),
                    }
                    in_flight.fetch_sub(1, Ordering::Relaxed);
                });
            }
        })
    };
    let mut kills = Vec::new();
    for name in ["credential-vault", "credential-vault-2"] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let flying = in_flight.load(Ordering::Relaxed);
        kills.push((Instant::now(), flying));
        cluster.kill(name).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        if name == "credential-vault" {
            cluster.run("credential-vault");
        } else {
            cluster.run_second_vault();
        }
        // Long enough for the gateways to find it again.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    stop.store(true, Ordering::Relaxed);
    load.await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let failures = failures.lock().await;
    assert!(done.load(Ordering::Relaxed) > 1_500, "{} calls", done.load(Ordering::Relaxed));
    for (began, status) in failures.iter() {
        let in_flight = kills.iter().any(|(at, _)| *began <= *at + Duration::from_millis(20));
        assert!(in_flight && kills.iter().any(|(at, _)| at.duration_since(*began) < TIMEOUT), "{status}");
    }
    let allowed: usize = kills.iter().map(|(_, flying)| flying + 4).sum();
    assert!(failures.len() <= allowed, "{} failed, {allowed} were in flight: {failures:?}", failures.len());
    println!("{} calls, {} failed", done.load(Ordering::Relaxed), failures.len());
}
