//! Vault does what every store must do, and keeps nothing that was deleted or overwritten.
use granary_store::Expect;
use granary_testkit::vault::ready::Ready;

use crate::checks;
use crate::model::against_a_map;

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_store_conforms() {
    let ready = Ready::start().await;
    let store = ready.store().await;
    checks::run(&store).await.unwrap();
    assert_eq!(store.list("conformance", None, 10).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_operations_come_out_of_vault_as_out_of_a_map() {
    let ready = Ready::start().await;
    against_a_map(ready.store().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_or_overwritten_record_leaves_nothing_in_vault() {
    let ready = Ready::start().await;
    let (store, api) = (ready.store().await, ready.server.api());
    let path = "tenants/acme";
    let first = store.put(path, b"one".to_vec(), Expect::Absent).await.unwrap();
    store.put(path, b"two".to_vec(), Expect::Version(first)).await.unwrap();
    let old = api.request("GET", "granary/data/tenants/acme?version=1", serde_json::Value::Null).await;
    assert_eq!(old.status, 404, "an overwritten version is gone: {old:?}");
    store.delete(path).await.unwrap();
    for place in ["data", "metadata"] {
        let path = format!("granary/{place}/tenants/acme");
        assert_eq!(api.request("GET", &path, serde_json::Value::Null).await.status, 404, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_we_would_never_give_spoils_no_list() {
    let ready = Ready::start().await;
    let (store, api) = (ready.store().await, ready.server.api());
    store.put("tenants/acme", b"one".to_vec(), Expect::Absent).await.unwrap();
    let note = serde_json::json!({"data": {"by": "an operator"}, "options": {"cas": 0}});
    let written = api.request("POST", "granary/data/tenants/a%20note", note).await;
    assert_eq!(written.status, 200, "{written:?}");
    let listed = api.request("LIST", "granary/metadata/tenants", serde_json::Value::Null).await;
    assert_eq!(listed.body["data"]["keys"], serde_json::json!(["a note", "acme"]));
    assert_eq!(store.list("tenants", None, 10).await.unwrap(), ["acme"]);
}
