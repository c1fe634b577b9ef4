//! The embedded store does what every store must do.
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use granary_credential::{Key, Kind};
use granary_store::embedded::{OpenError, Reseal, rekey};
use granary_store::{Context, Embedded, Error, Expect, Store};

use crate::checks;
use crate::model::against_a_map;

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(Embedded::open(&dir.path().join("store.redb"), &Key::random()).unwrap());
    checks::run(&store).await.unwrap();
    assert_eq!(store.list("conformance", None, 10).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_a_wrong_key_or_a_second_process_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/store.redb");
    let key = Key::random();
    let store = Embedded::open(&path, &key).unwrap();
    store.put("tenants/acme", b"x".to_vec(), Expect::Absent).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(Embedded::open(&path, &key), Err(OpenError::InUse)));
    store.close().await;
    assert!(matches!(store.get("tenants/acme").await, Err(Error::Unavailable { .. })));
    assert!(matches!(store.put("a", vec![], Expect::Absent).await, Err(Error::Unavailable { .. })));

    assert!(matches!(Embedded::open(&path, &Key::random()), Err(OpenError::WrongKey)));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let again = Embedded::open(&path, &key).unwrap();
    assert_eq!(again.get("tenants/acme").await.unwrap().unwrap().data, b"x");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let other = dir.path().join("other");
    std::fs::write(&other, "this is no store, but a text that someone wrote").unwrap();
    assert!(Embedded::open(&other, &key).is_err());
}

/// Of a record with no sealed value in it.
#[allow(clippy::unnecessary_wraps, reason = "the form of whoever finds sealed values")]
fn unsealed(_path: &str, data: &[u8], _reseal: Reseal<'_>) -> Option<Vec<u8>> {
    Some(data.to_vec())
}

#[tokio::test]
async fn rekeying_a_store_that_holds_no_sealed_record_keeps_every_record_and_its_version() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.redb");
    let (old, new) = (Key::random(), Key::random());
    let store = Embedded::open(&path, &old).unwrap();
    store.put("tenants/a", b"1".to_vec(), Expect::Absent).await.unwrap();
    let version = store.put("tenants/a", b"2".to_vec(), Expect::Version(1)).await.unwrap();
    let context = Context::credential("acme", b"i", Kind::ApifyToken);
    let sealed = store.seal(&context, b"v").await.unwrap();
    assert!(matches!(rekey(&path, &old, &new, unsealed), Err(OpenError::InUse)));
    store.close().await;

    assert!(matches!(rekey(&path, &new, &old, unsealed), Err(OpenError::WrongKey)));
    assert_eq!(rekey(&path, &old, &new, unsealed).unwrap(), 0);
    assert!(matches!(Embedded::open(&path, &old), Err(OpenError::WrongKey)));
    let store = Embedded::open(&path, &new).unwrap();
    let record = store.get("tenants/a").await.unwrap().unwrap();
    assert_eq!((record.data.as_slice(), record.version), (b"2".as_slice(), version));
    assert!(store.open(&context, &sealed).await.is_err(), "the old key opens nothing any more");
    assert!(rekey(&dir.path().join("none"), &old, &new, unsealed).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_operations_come_out_of_the_file_as_out_of_a_map() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(&dir.path().join("store.redb"), &Key::random()).unwrap();
    against_a_map(Arc::new(store)).await;
}
