//! Vault does what every store must do; so do both stores under any sequence of operations.
use std::collections::BTreeMap;
use std::sync::Arc;

use granary_credential::Key;
use granary_credential_vault::store::{Embedded, Error, Expect, Record, Store, conformance};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::support::Ready;

/// Operations that are tried on each store.
const OPERATIONS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_store_conforms() {
    let ready = Ready::start().await;
    let store = ready.store().await;
    conformance::run(&store).await.unwrap();
    assert_eq!(store.list("conformance", None, 10).await.unwrap(), Vec::<String>::new());
}

#[derive(Clone, Debug)]
enum Operation {
    Put { path: String, data: Vec<u8>, expect: Guess },
    Mark { path: String, mark: Option<String>, expect: Guess },
    Get { path: String },
    Delete { path: String },
    List { after: Option<String>, limit: usize },
}

/// What is expected, right more often than by chance.
#[derive(Clone, Copy, Debug)]
enum Guess {
    Absent,
    Right,
    Version(u64),
}

fn operations() -> impl Strategy<Value = Operation> {
    let path = (0..24_u8).prop_map(|n| format!("conformance/model/p{n:02}"));
    let guess = prop_oneof![Just(Guess::Absent), Just(Guess::Right), (0..6_u64).prop_map(Guess::Version)];
    prop_oneof![
        4 => (path.clone(), prop::collection::vec(any::<u8>(), 0..40), guess.clone())
            .prop_map(|(path, data, expect)| Operation::Put { path, data, expect }),
        2 => (path.clone(), prop::option::of("[0-9a-f]{1,32}"), guess)
            .prop_map(|(path, mark, expect)| Operation::Mark { path, mark, expect }),
        3 => path.clone().prop_map(|path| Operation::Get { path }),
        1 => path.prop_map(|path| Operation::Delete { path }),
        1 => (prop::option::of((0..24_u8).prop_map(|n| format!("p{n:02}"))), 1..30_usize)
            .prop_map(|(after, limit)| Operation::List { after, limit }),
    ]
}

/// Runs the same operations on the store and on a map that knows what must come out.
async fn against_a_model(store: Arc<dyn Store>) {
    let mut runner = TestRunner::new(Config::default());
    let strategy = operations();
    let mut model: BTreeMap<String, Record> = BTreeMap::new();
    for number in 0..OPERATIONS {
        let operation = strategy.new_tree(&mut runner).unwrap().current();
        let told = format!("operation {number}: {operation:?}");
        match operation {
            Operation::Put { path, data, expect } => {
                let there = model.get(&path).map(|record| record.version);
                let expect = match expect {
                    Guess::Absent => Expect::Absent,
                    Guess::Right => there.map_or(Expect::Absent, Expect::Version),
                    Guess::Version(version) => Expect::Version(version),
                };
                let fits = match expect {
                    Expect::Absent => there.is_none(),
                    Expect::Version(version) => there == Some(version),
                };
                match store.put(&path, data.clone(), expect).await {
                    Ok(version) => {
                        assert!(fits && there.is_none_or(|before| version > before), "{told}");
                        model.insert(path, Record { data, version, mark: None });
                    }
                    Err(Error::Conflict) => assert!(!fits, "{told}"),
                    Err(other) => panic!("{told}: {other:?}"),
                }
            }
            Operation::Mark { path, mark, expect } => {
                let there = model.get(&path).map(|record| record.version);
                let version = match expect {
                    Guess::Absent => 0,
                    Guess::Right => there.unwrap_or(1),
                    Guess::Version(version) => version,
                };
                match store.mark(&path, mark.as_deref(), version).await {
                    Ok(after) => {
                        assert!(there == Some(version) && after > version, "{told}");
                        let record = model.get_mut(&path).unwrap();
                        (record.version, record.mark) = (after, mark);
                    }
                    Err(Error::Conflict) => assert_ne!(there, Some(version), "{told}"),
                    Err(other) => panic!("{told}: {other:?}"),
                }
            }
            Operation::Get { path } => {
                let read = store.get(&path).await.unwrap();
                assert_eq!(read, model.get(&path).cloned(), "{told}");
            }
            Operation::Delete { path } => {
                store.delete(&path).await.unwrap();
                model.remove(&path);
            }
            Operation::List { after, limit } => {
                let names = model.keys().map(|path| path.rsplit('/').next().unwrap().to_owned());
                let wanted: Vec<String> = names
                    .filter(|name| after.as_ref().is_none_or(|after| name > after))
                    .take(limit)
                    .collect();
                let listed = store.list("conformance/model", after.as_deref(), limit).await.unwrap();
                assert_eq!(listed, wanted, "{told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_operations_come_out_of_vault_as_out_of_a_map() {
    let ready = Ready::start().await;
    against_a_model(ready.store().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_operations_come_out_of_the_file_as_out_of_a_map() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(&dir.path().join("store.redb"), &Key::random()).unwrap();
    against_a_model(Arc::new(store)).await;
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
