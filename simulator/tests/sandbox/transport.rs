//! Ports, TLS, and the versions of HTTP.

use granary_simulator::{Config, Ports, Tls, start};
use reqwest::{Certificate, Client, Version};
use serde_json::json;

use crate::support::World;

fn certificate() -> (Tls, Certificate) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let tls =
        Tls { cert_pem: pem.clone().into_bytes(), key_pem: made.signing_key.serialize_pem().into_bytes() };
    (tls, Certificate::from_pem(pem.as_bytes()).unwrap())
}

#[tokio::test]
async fn the_api_ports_speak_tls_and_both_versions() {
    let (tls, root) = certificate();
    let sandbox = start(Config { tls: Some(tls), ..Config::default() }).await.unwrap();
    assert!(sandbox.control_url().starts_with("http://127.0.0.1:"));
    for (url, status) in
        [(sandbox.harvest_url(), 401), (sandbox.harvestapi_url(), 401), (sandbox.apify_url(), 401)]
    {
        assert!(url.starts_with("https://127.0.0.1:"));
        for (only_http1, version) in [(true, Version::HTTP_11), (false, Version::HTTP_2)] {
            let builder = Client::builder().no_proxy().user_agent("t").tls_certs_only([root.clone()]);
            let builder = if only_http1 { builder.http1_only() } else { builder };
            let answer = builder.build().unwrap().get(format!("{url}/v2/users/me")).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.version()), (status, version));
        }
    }
    let plain = Client::builder().no_proxy().build().unwrap();
    assert_eq!(plain.get(format!("{}/health", sandbox.control_url())).send().await.unwrap().status(), 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn plain_ports_take_h2_with_prior_knowledge() {
    let world = World::new().await;
    let client = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let answer = client.get(format!("{}/v2/x", world.sandbox.apify_url())).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (401, Version::HTTP_2));
}

#[tokio::test]
async fn free_ports_are_low_and_taken_ones_are_refused() {
    let sandbox = start(Config::default()).await.unwrap();
    let port = |url: &str| url.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    for url in [sandbox.harvest_url(), sandbox.harvestapi_url(), sandbox.apify_url(), sandbox.control_url()] {
        assert!((20_000..32_000).contains(&port(url)), "{url}");
    }
    let taken = Ports { apify: port(sandbox.apify_url()), ..Ports::default() };
    let refused = start(Config { ports: taken, ..Config::default() }).await;
    assert!(
        matches!(refused, Err(granary_simulator::Error::Bind { address, .. }) if address.port() == taken.apify)
    );
    let again = Ports { apify: taken.apify, ..Ports::default() };
    sandbox.shutdown().await;
    start(Config { ports: again, ..Config::default() }).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_key_that_is_none_does_not_start() {
    let tls = Tls { cert_pem: b"nothing".to_vec(), key_pem: b"nothing".to_vec() };
    let refused = start(Config { tls: Some(tls), ..Config::default() }).await;
    assert!(matches!(refused, Err(granary_simulator::Error::Tls(_))));
}

#[tokio::test]
async fn broken_answers_break_over_h2_as_well() {
    let world = World::new().await;
    let client = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let get = async || {
        client
            .get(format!("{}/users/my-api-user", world.sandbox.harvestapi_url()))
            .header("x-api-key", &world.key)
            .send()
            .await
    };
    assert_eq!(get().await.unwrap().status(), 200);
    for moment in ["before", "after"] {
        world.fault(json!({"api": "harvestapi", "drop": moment})).await;
        assert!(get().await.is_err());
    }
    world.fault(json!({"api": "harvestapi", "body": "cut"})).await;
    let cut = get().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    assert_eq!(get().await.unwrap().status(), 200);
    let statuses: Vec<_> =
        world.journal(0).await.iter().map(|call| call["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 0, 0, 200, 200]);
}
