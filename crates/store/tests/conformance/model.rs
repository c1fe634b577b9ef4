//! Any sequence of operations comes out of a store as out of a map.
use std::collections::BTreeMap;
use std::sync::Arc;

use granary_store::{Error, Expect, Record, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

/// Operations that are tried on each store.
const OPERATIONS: usize = 10_000;

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
pub(crate) async fn against_a_map(store: Arc<dyn Store>) {
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
