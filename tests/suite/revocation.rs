//! What is revoked, disabled or rotated takes effect within a second, through every gateway.
use std::time::{Duration, Instant};

use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{
    DeleteConnectedAccountRequest, DisableConnectedAccountRequest, EnableConnectedAccountRequest,
    RevokeApiKeyRequest, RevokeCredentialRequest,
};
use granary_rpc::{Reason, error};
use granary_testkit::{Canary, Client, Cluster};

use crate::support::{key, make_known, ready_account, reason};

const TIMEOUT: Duration = Duration::from_secs(1);

/// Calls through each gateway until it answers with a reason, which must be within a second of `since`.
async fn refused_within_a_second(clients: &[Client], account: &str, expected: Reason, since: Instant) {
    for (number, client) in clients.iter().enumerate() {
        loop {
            match client.call(account, "get_my_api_user", "{}").await {
                Err(status) if error::reason_of(&status) == Some(expected) => break,
                other => {
                    assert!(
                        since.elapsed() < TIMEOUT,
                        "gateway {number} after {:?}: {:?}",
                        since.elapsed(),
                        other.err()
                    );
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_revocation_takes_effect_within_a_second_through_two_gateways() {
    let mut cluster = Cluster::start().await;
    let second = cluster.run_second_gateway().await;
    let operator = cluster.client();
    let sandbox = cluster.sandbox();
    let scopes: Vec<i32> = (1..=8).collect();

    // A credential.
    ready_account(&operator, &sandbox, "a").await;
    let both = [operator.clone(), operator.at(&second)];
    for client in &both {
        client.call("a", "get_my_api_user", "{}").await.unwrap();
    }
    let kind = CredentialKind::HarvestapiKey.into();
    operator
        .accounts()
        .revoke_credential(RevokeCredentialRequest { identifier: "a".into(), kind })
        .await
        .unwrap();
    refused_within_a_second(&both, "a", Reason::CredentialRevoked, Instant::now()).await;

    // An account, disabled and enabled again.
    ready_account(&operator, &sandbox, "b").await;
    for client in &both {
        client.call("b", "get_my_api_user", "{}").await.unwrap();
    }
    operator
        .accounts()
        .disable_connected_account(DisableConnectedAccountRequest { identifier: "b".into() })
        .await
        .unwrap();
    refused_within_a_second(&both, "b", Reason::AccountDisabled, Instant::now()).await;
    operator
        .accounts()
        .enable_connected_account(EnableConnectedAccountRequest { identifier: "b".into() })
        .await
        .unwrap();
    tokio::time::sleep(TIMEOUT).await;
    for client in &both {
        client.call("b", "get_my_api_user", "{}").await.unwrap();
    }
    operator
        .accounts()
        .delete_connected_account(DeleteConnectedAccountRequest { identifier: "b".into() })
        .await
        .unwrap();
    refused_within_a_second(&both, "b", Reason::AccountNotFound, Instant::now()).await;

    // An API key.
    ready_account(&operator, &sandbox, "c").await;
    let made = operator.key("", &scopes, &[]).await;
    let holders = both.clone().map(|c| c.with_key(&made.key_text));
    for client in &holders {
        client.call("c", "get_my_api_user", "{}").await.unwrap();
    }
    let key_id = made.api_key.unwrap().key_id;
    operator.admin().revoke_api_key(RevokeApiKeyRequest { key_id }).await.unwrap();
    refused_within_a_second(&holders, "c", Reason::ApiKeyInvalid, Instant::now()).await;
}

#[tokio::test]
async fn a_rotation_takes_effect_within_a_second_through_two_gateways() {
    let mut cluster = Cluster::start().await;
    let second = cluster.run_second_gateway().await;
    let (client, sandbox) = (cluster.client(), cluster.sandbox());
    let both = [client.clone(), client.at(&second)];
    client.account("a").await;
    for round in 0..5 {
        let canary = Canary::new(&format!("rotation-{round}"));
        make_known(&sandbox, "unused-token-0001", 950_001, &canary.0).await;
        client.put_sealed("a", &key(&canary.0)).await.unwrap();
        let since = Instant::now();
        for gateway in &both {
            loop {
                let before = sandbox.newest().await;
                gateway.call("a", "get_my_api_user", "{}").await.unwrap();
                let arrived = sandbox.journal(before).await.into_iter().flat_map(|c| c.credentials);
                if arrived.into_iter().any(|c| c == canary.0) {
                    break;
                }
                assert!(since.elapsed() < TIMEOUT, "the old credential after {:?}", since.elapsed());
            }
        }
    }
}

#[tokio::test]
async fn with_the_stream_cut_a_ticket_ends_with_its_life_and_live_ones_go_on() {
    let mut cluster = Cluster::start().await;
    let (client, sandbox) = (cluster.client(), cluster.sandbox());
    ready_account(&client, &sandbox, "a").await;
    client.call("a", "get_my_api_user", "{}").await.unwrap();
    cluster.kill("credential-vault").await;
    let since = Instant::now();
    client
        .call("a", "get_my_api_user", "{}")
        .await
        .expect("a live ticket serves while credential-vault is away");
    assert_eq!(reason(client.call("a", "get_company", "{}").await), Reason::StoreUnavailable);
    loop {
        match client.call("a", "get_my_api_user", "{}").await {
            Ok(_) => assert!(since.elapsed() < Duration::from_secs(61), "a ticket outlived its life"),
            Err(status) => {
                assert_eq!(error::reason_of(&status), Some(Reason::StoreUnavailable));
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("the ticket ended after {:?}", since.elapsed());
    cluster.run("credential-vault");
    cluster.ready("gateway").await;
    client.call("a", "get_my_api_user", "{}").await.unwrap();
}
