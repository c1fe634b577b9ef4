//! Promise 2: the gateway never holds a third-party credential in the clear.
use granary_testkit::{Canary, Cluster};

use crate::support::{key, make_known, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_holds_no_credential_in_memory_logs_or_metadata() {
    let mut cluster = Cluster::prepare("\n[logging]\nfilter = \"trace\"\nform = \"json\"\n").await;
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    let (client, sandbox) = (cluster.client(), cluster.sandbox());
    let mut canaries = Vec::new();
    for number in 0..20 {
        let account = format!("user-{number}");
        client.account(&account).await;
        // 20 accounts with 50 sealed puts each; the last ones are those that are used.
        for put in 0..25 {
            let harvest = Canary::new(&format!("blind-harvest-{number}-{put}"));
            let harvestapi = Canary::new(&format!("blind-harvestapi-{number}-{put}"));
            if put == 24 {
                make_known(&sandbox, &harvest.0, 940_000 + number, &harvestapi.0).await;
            }
            client.put_sealed(&account, &token(&harvest.0, 940_000 + number)).await.unwrap();
            client.put_sealed(&account, &key(&harvestapi.0)).await.unwrap();
            canaries.extend([harvest, harvestapi]);
        }
    }
    // Upstream sends the secret back in some answers; they are masked before they reach the gateway.
    sandbox
        .fault(serde_json::json!({"api": "harvestapi", "path": "/users/my-api-user", "count": 40, "echo": "json"}))
        .await;
    let calls = |worker: usize| {
        let client = client.clone();
        async move {
            for number in 0..1_250 {
                let account = format!("user-{}", (worker * 7 + number) % 20);
                let (tool, input) = match number % 3 {
                    0 => ("get_company", "{}"),
                    1 => ("get_my_api_user", "{}"),
                    _ => ("scrape_profile", r#"{"public_identifier": "jeffweiner08", "main": true}"#),
                };
                client.call(&account, tool, input).await.unwrap();
            }
        }
    };
    futures_util::future::join_all((0..8).map(calls)).await;

    let gateway = cluster.process("gateway");
    let memory = gateway.writable_memory();
    let size: usize = memory.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size > 1 << 20, "its memory was read: {size} bytes");
    let marker = b"user-19";
    assert!(
        memory.iter().any(|(_, b)| b.windows(marker.len()).any(|w| w == marker)),
        "its memory is really its own"
    );
    let log = gateway.log_text();
    assert!(log.lines().count() > 10_000, "it logs at TRACE");
    let needle = "canary/";
    assert!(!log.contains(needle), "a canary in the gateway's log");
    for (place, bytes) in &memory {
        assert!(
            !bytes.windows(needle.len()).any(|w| w == needle.as_bytes()),
            "a canary in the gateway's memory: {place}"
        );
    }
    let all: Vec<u8> = memory.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let searcher = Forms::of(&canaries);
    assert_eq!(searcher.first_in(&all), None, "in memory");
    assert_eq!(searcher.first_in(log.as_bytes()), None, "in the log");
    for other in ["credential-vault", "harvest-time", "linkedin-data"] {
        assert_eq!(
            searcher.first_in(cluster.process(other).log_text().as_bytes()),
            None,
            "in the log of {other}"
        );
    }
    println!("{} canaries in {} forms looked for in {size} bytes", canaries.len(), searcher.0.patterns_len());
}

/// Every form of every canary, looked for in one pass.
struct Forms(aho_corasick::AhoCorasick);

impl Forms {
    fn of(canaries: &[Canary]) -> Self {
        let forms: Vec<String> = canaries.iter().flat_map(Canary::forms).collect();
        Self(aho_corasick::AhoCorasick::new(forms).unwrap())
    }

    fn first_in(&self, bytes: &[u8]) -> Option<String> {
        self.0.find(bytes).map(|found| String::from_utf8_lossy(&bytes[found.range()]).into_owned())
    }
}
