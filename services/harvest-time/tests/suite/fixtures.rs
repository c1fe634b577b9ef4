//! Every shape of answer that is documented or was seen: given that answer, this comes out of the method.
use std::path::Path;

use granary_testkit::recorded;

use crate::stub::Seen;
use crate::{TOKEN, path, service, token};

#[tokio::test]
async fn each_recorded_shape_becomes_its_answer_or_its_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let call = async |upstream: &crate::stub::Stub, rpc: &str, input: &serde_json::Value| {
        service(&upstream.url).await.call(&path(rpc), &token(), input).await
    };
    recorded::run_all(&folder, 40, call, credential, &[TOKEN]).await;
}

fn credential(call: &Seen) -> Result<(), String> {
    let header = |name: &str| call.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if header("authorization") != format!("Bearer {TOKEN}") || header("harvest-account-id") != "910077" {
        return Err(format!("{} {} came without the credential", call.method, call.path));
    }
    if header("user-agent") != granary_harvest_time::Config::default().user_agent {
        return Err(format!("the user agent was {:?}", header("user-agent")));
    }
    Ok(())
}
