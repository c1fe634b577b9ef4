//! One user's secret never serves another user's call.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use granary_testkit::{Canary, Client, Up};
use rand::RngExt;

use crate::support::{apify, key, make_known, session, token};

const TENANTS: usize = 20;
const CLIENTS: usize = 64;
const CALLS: usize = 100_000;

/// One tenant with its canaries: of each kind there is a second one to rotate to.
struct Tenant {
    client: Client,
    account: &'static str,
    harvest: [Canary; 2],
    harvestapi: [Canary; 2],
    harvest_account: i64,
}

async fn tenant(up: &Up, number: usize) -> Tenant {
    let client = up.client().tenant(&format!("tenant-{number}")).await;
    // Every tenant uses the same identifier, which must not help anyone.
    let account = "user_ha_456";
    let canary = |kind: &str, version: usize| Canary::new(&format!("t{number}-{kind}-v{version}"));
    let harvest = [canary("harvest", 0), canary("harvest", 1)];
    let harvestapi = [canary("harvestapi", 0), canary("harvestapi", 1)];
    let harvest_account = 920_000 + i64::try_from(number).unwrap();
    client.account(account).await;
    for (token, key) in harvest.iter().zip(&harvestapi) {
        make_known(&up.sandbox(), &token.0, harvest_account, &key.0).await;
    }
    client.put_sealed(account, &token(&harvest[0].0, harvest_account)).await.unwrap();
    client.put_sealed(account, &key(&harvestapi[0].0)).await.unwrap();
    client.put_sealed(account, &session(&canary("session", 0).0)).await.unwrap();
    client.put_sealed(account, &apify(&canary("apify", 0).0)).await.unwrap();
    Tenant { client, account, harvest, harvestapi, harvest_account }
}

/// 64 clients of 20 tenants make 100,000 interleaved calls, while credentials are rotated and calls are cancelled. Each
/// call names its tenant in a filter that upstream sees, so that every arrival can be held against its tenant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenants_credential_never_arrives() {
    let up = Up::start_with(&["--set", "logging.filter=warn"]).await;
    let mut tenants = Vec::new();
    for number in 0..TENANTS {
        tenants.push(tenant(&up, number).await);
    }
    let tenants = Arc::new(tenants);
    let sandbox = up.sandbox();
    let done = Arc::new(AtomicUsize::new(0));

    let rotating = tokio::spawn(rotate(tenants.clone(), done.clone()));
    let workers: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(work(tenants.clone(), done.clone()))).collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let rotations = rotating.await.unwrap();

    let mut owner = HashMap::new();
    for (number, tenant) in tenants.iter().enumerate() {
        for canary in tenant.harvest.iter().chain(&tenant.harvestapi) {
            owner.insert(canary.0.clone(), number);
        }
    }
    let (mut checked, mut after) = (0, 0);
    loop {
        let calls = sandbox.journal(after).await;
        let Some(last) = calls.last() else { break };
        after = last.number;
        for call in &calls {
            let Some(named) = named(&call.path) else { continue };
            let secrets: Vec<&String> =
                call.credentials.iter().filter(|c| c.starts_with("canary/")).collect();
            assert_eq!(secrets.len(), 1, "one credential for each call: {call:?}");
            assert_eq!(owner.get(secrets[0]), Some(&named), "a foreign canary: {call:?}");
            checked += 1;
        }
    }
    println!("{checked} arrivals checked, {rotations} rotations");
    assert!(checked > CALLS / 2, "{checked} arrivals of {CALLS} calls");
    assert!(rotations > 10);
}

/// The tenant that a call names: by the client id of a filter, or by the slug of a profile.
fn named(path: &str) -> Option<usize> {
    let by = |mark: &str| {
        let rest = path.split(mark).nth(1)?;
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().ok()
    };
    by("client_id=77000").or_else(|| by("tenant-mark-"))
}

async fn work(tenants: Arc<Vec<Tenant>>, done: Arc<AtomicUsize>) {
    loop {
        let number = done.fetch_add(1, Ordering::Relaxed);
        if number >= CALLS {
            return;
        }
        let chosen = rand::rng().random_range(0..TENANTS);
        let tenant = &tenants[chosen];
        let (tool, input) = if number.is_multiple_of(2) {
            ("list_time_entries", format!(r#"{{"client_id": 77000{chosen}, "per_page": 1}}"#))
        } else {
            ("scrape_profile", format!(r#"{{"public_identifier": "tenant-mark-{chosen}", "main": true}}"#))
        };
        let call = tenant.client.call(tenant.account, tool, &input);
        // One call in sixteen is cancelled while it runs.
        if number % 16 == 3 {
            let micros = rand::rng().random_range(50..4_000);
            let _ = tokio::time::timeout(Duration::from_micros(micros), call).await;
        } else if let Err(status) = call.await {
            // The profile does not exist, which is an answer too.
            assert_eq!(status.code(), tonic::Code::NotFound, "{status:?}");
        }
    }
}

async fn rotate(tenants: Arc<Vec<Tenant>>, done: Arc<AtomicUsize>) -> usize {
    let mut rotations = 0;
    while done.load(Ordering::Relaxed) < CALLS {
        let tenant = &tenants[rotations % TENANTS];
        let version = (rotations / TENANTS + 1) % 2;
        let harvest = token(&tenant.harvest[version].0, tenant.harvest_account);
        tenant.client.put_sealed(tenant.account, &harvest).await.unwrap();
        tenant.client.put_sealed(tenant.account, &key(&tenant.harvestapi[version].0)).await.unwrap();
        rotations += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rotations
}
