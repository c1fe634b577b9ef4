//! Promise 1: a call carries exactly the kinds that its method declares.
use std::collections::HashMap;

use granary_proto::granary::policy::v1::CredentialKind as Kind;
use granary_testkit::{Canary, Up};
use serde_json::json;

use crate::support::{apify, key, make_known, session, token};

/// For each tool and each kind: the value of a kind that is not declared is not on the wire.
#[tokio::test]
async fn a_kind_that_is_not_declared_is_never_on_the_wire() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    let canaries: HashMap<Kind, Canary> =
        [Kind::HarvestToken, Kind::HarvestapiKey, Kind::LinkedinSession, Kind::ApifyToken]
            .into_iter()
            .map(|kind| (kind, Canary::new(&format!("needs-{}", kind.text()))))
            .collect();
    let text = |kind: Kind| canaries[&kind].0.as_str();
    make_known(&sandbox, text(Kind::HarvestToken), 930_001, text(Kind::HarvestapiKey)).await;
    // Known, so that nothing is rejected and no probe falls into another tool's calls.
    sandbox.set(json!({"li_at": text(Kind::LinkedinSession)})).await;
    sandbox.set(json!({"apify_token": text(Kind::ApifyToken)})).await;
    client.account("a").await;
    client.put("a", &token(text(Kind::HarvestToken), 930_001)).await.unwrap();
    client.put("a", &key(text(Kind::HarvestapiKey))).await.unwrap();
    client.put("a", &session(text(Kind::LinkedinSession))).await.unwrap();
    client.put("a", &apify(text(Kind::ApifyToken))).await.unwrap();

    let table = granary_proto::policy_table().unwrap();
    for method in table.tools() {
        let before = sandbox.newest().await;
        // What the call comes to does not matter here, only what travels for it.
        let _ = client.call("a", &method.tool, crate::support::good_input(&method.tool)).await;
        let calls = sandbox.journal(before).await;
        assert!(!calls.is_empty(), "{} reached upstream", method.tool);
        // Of each need, the first kind that the account has: it has them all.
        let declared: Vec<Kind> = method.needs.iter().map(|need| need[0]).collect();
        for (index, call) in calls.into_iter().enumerate() {
            let shown = format!("{call:?}");
            for (kind, canary) in &canaries {
                let arrived = !canary.found_in(shown.as_bytes()).is_empty();
                let wanted = declared.contains(kind);
                // Asking afterwards which of two credentials was refused takes one of them.
                let fits = if index == 0 { arrived == wanted } else { wanted || !arrived };
                assert!(fits, "{} and {}: {shown}", method.tool, kind.text());
            }
        }
    }
}
