//! Promise 12: whatever bytes come in a vendor's place, a credential counts as refused only by a 401 in the vendor's own form,
//! and as taken only by what was asked for.
mod bodies;
mod reference;

use granary_linkedin_data::Config;
use granary_proto::Method;
use granary_proto::granary::policy::v1::{Api, Exposure};
use proptest::prelude::*;
use serde_json::json;

use crate::service_with;
use crate::stub::{Canned, Stub};
use crate::tools::{good, held};
use crate::wire::outcome;
use bodies::{Reply, reply};

const OWNER: &str = "/users/my-api-user";
const RUN: &str = "/v2/actor-runs/runInvented01";
const ROWS: &str = "/v2/datasets/setInvented01/items";

/// All that is answered once, the probes with it.
fn all() -> Vec<&'static Method> {
    let table = granary_proto::policy_table().unwrap();
    let all = table.process("linkedin-data");
    all.filter(|method| !method.descriptor.is_server_streaming()).collect()
}

fn api(method: &Method) -> Api {
    method.upstream.as_ref().unwrap().api()
}

/// Who owns the key, as far as that is asked.
fn owner() -> impl Strategy<Value = Reply> {
    let known = json!({"user": {"id": "x"}, "usage": {"balance": 3}}).to_string().into_bytes();
    prop_oneof![Just(Reply { status: 200, body: known }), reply()]
}

/// What a call tells of its credentials, where it is answered like this.
async fn told(method: &Method, told: &Reply, owner: &Reply) -> Option<String> {
    let endpoint = method.upstream.as_ref().unwrap();
    let verb = if endpoint.verb() == granary_upstream::Verb::Post { "POST" } else { "GET" };
    let canned = |verb, path: &str, reply: &Reply| {
        Canned::new(verb, path, reply.status, reply.body.clone()).header("content-type", "text/html")
    };
    let path = endpoint.path.replace("{run_id}", "runInvented01");
    let rows = Canned::new("GET", ROWS, 200, "[]");
    let upstream = Stub::start(vec![
        canned(verb, &path, told),
        canned("GET", OWNER, owner),
        canned("GET", RUN, told),
        rows,
    ])
    .await;
    let mut config = Config::default();
    for vendor in [&mut config.harvestapi, &mut config.apify] {
        vendor.base_url.clone_from(&upstream.url);
        vendor.retries = 0;
    }
    let held = held(method);
    match service_with(&config).await.call_as(&method.path, &held, &good(&method.tool)).await {
        Ok(answered) if method.exposure == Exposure::Internal => {
            let word = if answered.json["accepted"] == true { "accepted" } else { "rejected" };
            Some(format!("{};3;{word}", held[0].kind().text()))
        }
        Ok(answered) => outcome(&answered.metadata),
        Err(failed) => outcome(failed.metadata()),
    }
}

/// What it should tell.
fn expected(method: &Method, told: &Reply, owner: &Reply) -> Option<String> {
    let rpc = method.descriptor.name();
    let kinds: Vec<&str> = held(method).iter().map(|credential| credential.kind().text()).collect();
    let (refused, taken) = match api(method) {
        Api::Apify => (
            reference::refused_by_apify(told).then_some("apify_token"),
            reference::shows_a_user_or_a_run(rpc, told),
        ),
        _ => (
            reference::refused(kinds.contains(&"linkedin_session"), told, owner),
            reference::shows_what_was_asked_for(rpc, told),
        ),
    };
    // A probe is asked about its first credential.
    let many = if method.exposure == Exposure::Internal { 1 } else { kinds.len() };
    match refused {
        Some(kind) => Some(format!("{kind};3;rejected")),
        None => taken.then(|| {
            kinds[..many].iter().map(|kind| format!("{kind};3;accepted")).collect::<Vec<_>>().join(",")
        }),
    }
}

#[test]
fn only_the_vendors_own_form_refuses_a_credential_and_only_what_was_asked_for_proves_one() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig { cases: 1_500, ..ProptestConfig::default() };
    let method = prop::sample::select(all());
    proptest!(config, |(method in method, answered in reply(), owner in owner())| {
        let expected = expected(method, &answered, &owner);
        let shown = String::from_utf8_lossy(&answered.body);
        let found = runtime.block_on(told(method, &answered, &owner));
        prop_assert_eq!(found, expected, "{} {} {} {:?}", method.path, answered.status, shown, owner);
    });
}
