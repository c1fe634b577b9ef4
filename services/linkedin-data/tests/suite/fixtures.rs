//! Every shape of answer that is documented or was seen: given that answer, this comes out of the method.
use std::path::Path;

use granary_testkit::recorded;

use crate::stub::{Seen, Stub};
use crate::tools::{TOKEN, held};
use crate::{KEY, path, service};

#[tokio::test]
async fn each_recorded_shape_becomes_its_answer_or_its_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let call = async |upstream: &Stub, rpc: &str, input: &serde_json::Value| {
        let rpc = path(rpc);
        let method = granary_proto::policy_table().unwrap().path(&rpc).unwrap();
        service(&upstream.url).await.call_as(&rpc, &held(method), input).await
    };
    recorded::run_all(&folder, 100, call, credential, &[KEY, "canary"]).await;
}

fn credential(call: &Seen) -> Result<(), String> {
    let apify = call.path.starts_with("/v2/");
    let (own, other) = if apify { ("authorization", "x-api-key") } else { ("x-api-key", "authorization") };
    let secret = if apify { format!("Bearer {TOKEN}") } else { KEY.to_owned() };
    if call.headers.get(own).is_none_or(|value| *value != secret) || call.headers.contains_key(other) {
        return Err(format!("{} {} came without its own credential", call.method, call.path));
    }
    Ok(())
}
