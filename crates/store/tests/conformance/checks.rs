//! What every store must do, as checks that run against a live one. They write below `conformance/` only, each run in a
//! folder of its own, and remove what they wrote.
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::join_all;
use granary_credential::Kind;

use granary_store::{Context, Error, Expect, MAX_DATA, MAX_LIST, Record, Store};

/// What a store did wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An operation failed that must not.
    #[error("{during}: {source}")]
    Store {
        /// What was checked.
        during: &'static str,
        /// What the store said.
        source: Error,
    },
    /// An operation came to something else than it must.
    #[error("{during}: {found}")]
    Wrong {
        /// What was checked.
        during: &'static str,
        /// What was found and what was expected.
        found: String,
    },
}

/// Runs every check.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) async fn run(store: &Arc<dyn Store>) -> Result<(), Failure> {
    let root = format!("conformance/{:032x}", rand::random::<u128>());
    let done = checks(store, &root).await;
    remove(store, &root).await?;
    done
}

async fn checks(store: &Arc<dyn Store>, root: &str) -> Result<(), Failure> {
    records(store.as_ref(), &format!("{root}/records")).await?;
    marks(store.as_ref(), &format!("{root}/marks")).await?;
    many(store.as_ref(), &format!("{root}/many")).await?;
    lists(store.as_ref(), &format!("{root}/lists")).await?;
    races(store, &format!("{root}/races")).await?;
    values(store.as_ref()).await?;
    limits(store.as_ref(), root).await
}

async fn records(store: &dyn Store, root: &str) -> Result<(), Failure> {
    let during = "check-and-set";
    let (path, ok) = (format!("{root}/a"), |source| Failure::Store { during, source });
    same(during, store.get(&path).await.map_err(ok)?, None)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(1)).await)?;
    let first = store.put(&path, b"one".to_vec(), Expect::Absent).await.map_err(ok)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Absent).await)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(first + 1)).await)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(0)).await)?;
    let read = store.get(&path).await.map_err(ok)?;
    same(during, read.map(|r| (r.data, r.version)), Some((b"one".to_vec(), first)))?;
    let second = store.put(&path, b"two".to_vec(), Expect::Version(first)).await.map_err(ok)?;
    same(during, second > first && first >= 1, true)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(first)).await)?;
    let third = store.put(&path, Vec::new(), Expect::Version(second)).await.map_err(ok)?;
    let read = store.get(&path).await.map_err(ok)?;
    same(during, read.map(|r| (r.data, r.version)), Some((Vec::new(), third)))?;

    let during = "delete";
    let ok = |source| Failure::Store { during, source };
    store.delete(&path).await.map_err(ok)?;
    store.delete(&path).await.map_err(ok)?;
    same(during, store.get(&path).await.map_err(ok)?, None)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(third)).await)?;
    let again = store.put(&path, b"again".to_vec(), Expect::Absent).await.map_err(ok)?;
    same(during, store.get(&path).await.map_err(ok)?.map(|r| r.version), Some(again))
}

async fn marks(store: &dyn Store, root: &str) -> Result<(), Failure> {
    let during = "marks";
    let (path, ok) = (format!("{root}/a"), |source| Failure::Store { during, source });
    conflict(during, store.mark(&path, Some("m"), 1).await)?;
    same(during, store.get(&path).await.map_err(ok)?, None)?;
    let put = store.put(&path, b"one".to_vec(), Expect::Absent).await.map_err(ok)?;
    let marked = store.mark(&path, Some("m"), put).await.map_err(ok)?;
    same(during, marked > put, true)?;
    let record = |version, mark: Option<&str>| {
        Some(Record { data: b"one".to_vec(), version, mark: mark.map(str::to_owned) })
    };
    same(during, store.get(&path).await.map_err(ok)?, record(marked, Some("m")))?;
    conflict(during, store.mark(&path, None, put).await)?;
    conflict(during, store.put(&path, b"x".to_vec(), Expect::Version(put)).await)?;
    // Taking a mark away is a change even where there is none.
    let bare = store.mark(&path, None, marked).await.map_err(ok)?;
    let again = store.mark(&path, None, bare).await.map_err(ok)?;
    same(during, again > bare && bare > marked, true)?;
    same(during, store.get(&path).await.map_err(ok)?, record(again, None))?;
    let marked = store.mark(&path, Some("n"), again).await.map_err(ok)?;
    let put = store.put(&path, b"one".to_vec(), Expect::Version(marked)).await.map_err(ok)?;
    same("a put takes the mark away", store.get(&path).await.map_err(ok)?, record(put, None))?;
    conflict(during, store.create(&path, b"x".to_vec(), "m").await)?;
    store.delete(&path).await.map_err(ok)?;
    let put = store.create(&path, b"one".to_vec(), "m").await.map_err(ok)?;
    same("a record made with its mark", store.get(&path).await.map_err(ok)?, record(put, Some("m")))?;
    let bad = store.mark(&path, Some("no/segment"), put).await;
    same(during, matches!(bad, Err(Error::Denied(_))), true)
}

async fn many(store: &dyn Store, root: &str) -> Result<(), Failure> {
    let during = "several records at once";
    let ok = |source| Failure::Store { during, source };
    let paths: Vec<String> = (0..40).map(|n| format!("{root}/{n}")).collect();
    for path in paths.iter().step_by(2) {
        store.put(path, path.clone().into_bytes(), Expect::Absent).await.map_err(ok)?;
    }
    let read = store.get_many(&paths).await.map_err(ok)?;
    let expected: Vec<Option<Vec<u8>>> =
        paths.iter().enumerate().map(|(n, path)| (n % 2 == 0).then(|| path.clone().into_bytes())).collect();
    same(during, read.into_iter().map(|r| r.map(|r| r.data)).collect::<Vec<_>>(), expected)
}

async fn lists(store: &dyn Store, root: &str) -> Result<(), Failure> {
    let during = "lists";
    let ok = |source| Failure::Store { during, source };
    same(during, store.list(root, None, 10).await.map_err(ok)?, Vec::<String>::new())?;
    // A record and a folder of one name; names whose characters sort around the separator.
    for name in ["b", "b/x", "b/y", "a-a", "a.a", "a/deep/er", "a0", "aa", "c_c", "B"] {
        store.put(&format!("{root}/{name}"), b"x".to_vec(), Expect::Absent).await.map_err(ok)?;
    }
    let all = ["B", "a", "a-a", "a.a", "a0", "aa", "b", "c_c"];
    same(during, store.list(root, None, 100).await.map_err(ok)?, all.map(str::to_owned).to_vec())?;
    same(during, store.list(&format!("{root}/b"), None, 9).await.map_err(ok)?, vec!["x".into(), "y".into()])?;
    for size in 1..=all.len() {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = store.list(root, seen.last().map(String::as_str), size).await.map_err(ok)?;
            same(during, page.len() <= size, true)?;
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        same(during, seen, all.map(str::to_owned).to_vec())?;
    }
    same(during, store.list(root, Some("a1"), 2).await.map_err(ok)?, vec!["aa".to_owned(), "b".to_owned()])?;
    store.delete(&format!("{root}/a/deep/er")).await.map_err(ok)?;
    same(during, store.list(root, None, 2).await.map_err(ok)?, vec!["B".to_owned(), "a-a".to_owned()])
}

/// 64 writers, none of whom may lose a write or win a version that another has won.
async fn races(store: &Arc<dyn Store>, root: &str) -> Result<(), Failure> {
    const WRITERS: usize = 64;
    let during = "64 writers";
    let ok = |source| Failure::Store { during, source };
    let path = format!("{root}/one");
    let creations =
        (0..WRITERS).map(|n| store.put(&path, vec![u8::try_from(n).unwrap_or(0)], Expect::Absent));
    let mut version = 0;
    let mut won = 0;
    for outcome in join_all(creations).await {
        match outcome {
            Ok(created) => (version, won) = (created, won + 1),
            Err(Error::Conflict) => {}
            Err(other) => return Err(ok(other)),
        }
    }
    same(during, won, 1)?;
    for _ in 0..8 {
        let writes = (0..WRITERS)
            .map(|n| store.put(&path, vec![u8::try_from(n).unwrap_or(0)], Expect::Version(version)));
        let outcomes = join_all(writes).await;
        let winners: Vec<(usize, u64)> =
            outcomes.iter().enumerate().filter_map(|(n, o)| o.as_ref().ok().map(|v| (n, *v))).collect();
        same(during, winners.len(), 1)?;
        same(during, outcomes.iter().filter(|o| matches!(o, Err(Error::Conflict))).count(), WRITERS - 1)?;
        let read = store.get(&path).await.map_err(ok)?.map(|r| (usize::from(r.data[0]), r.version));
        same(during, read, winners.first().copied())?;
        version = winners[0].1;
    }
    Ok(())
}

async fn values(store: &dyn Store) -> Result<(), Failure> {
    let during = "sealed values";
    let ok = |source| Failure::Store { during, source };
    let context = Context::credential("acme", b"incarnation", Kind::HarvestToken);
    let sealed = store.seal(&context, b"a value").await.map_err(ok)?;
    same(during, store.open(&context, &sealed).await.map_err(ok)?.to_vec(), b"a value".to_vec())?;
    let again = store.seal(&context, b"a value").await.map_err(ok)?;
    same(during, sealed != again && !sealed.windows(7).any(|w| w == b"a value"), true)?;
    for elsewhere in [
        Context::credential("other", b"incarnation", Kind::HarvestToken),
        Context::credential("acme", b"later", Kind::HarvestToken),
        Context::credential("acme", b"incarnation", Kind::ApifyToken),
        Context::system("acme"),
    ] {
        let opened = store.open(&elsewhere, &sealed).await;
        same("a value that was moved elsewhere", matches!(opened, Err(Error::Corrupt(_))), true)?;
    }
    let mut changed = sealed.clone();
    if let Some(last) = changed.last_mut() {
        *last = if *last == b'A' { b'B' } else { b'A' };
    }
    same("a changed value", store.open(&context, &changed).await.is_err(), true)?;
    same("no value", store.open(&context, b"").await.is_err(), true)
}

async fn limits(store: &dyn Store, root: &str) -> Result<(), Failure> {
    let during = "limits";
    let ok = |source| Failure::Store { during, source };
    for bad in ["", "/", "a//b", "../a", "a/../b", "a b", "a/\u{1}"] {
        same(during, matches!(store.get(bad).await, Err(Error::Denied(_))), true)?;
        same(during, matches!(store.list(bad, None, 1).await, Err(Error::Denied(_))), true)?;
        let put = store.put(bad, b"x".to_vec(), Expect::Absent).await;
        same(during, matches!(put, Err(Error::Denied(_))), true)?;
        same(during, matches!(store.mark(bad, None, 1).await, Err(Error::Denied(_))), true)?;
    }
    let path = format!("{root}/large");
    let data: Vec<u8> = (0..MAX_DATA).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
    store.put(&path, data.clone(), Expect::Absent).await.map_err(ok)?;
    same(during, store.get(&path).await.map_err(ok)?.is_some_and(|r| r.data == data), true)?;
    let put = store.put(&path, vec![0; MAX_DATA + 1], Expect::Absent).await;
    same(during, matches!(put, Err(Error::Denied(_))), true)
}

/// Removes a folder and all below it.
async fn remove(store: &Arc<dyn Store>, root: &str) -> Result<(), Failure> {
    let ok = |source| Failure::Store { during: "cleaning up", source };
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in store.list(&folder, None, MAX_LIST).await.map_err(ok)? {
            let path = format!("{folder}/{name}");
            store.delete(&path).await.map_err(ok)?;
            folders.push(path);
        }
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value)]
fn same<T: PartialEq + Debug>(during: &'static str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::Wrong { during, found: format!("found {found:?}, expected {expected:?}") })
}

fn conflict(during: &'static str, outcome: Result<u64, Error>) -> Result<(), Failure> {
    match outcome {
        Err(Error::Conflict) => Ok(()),
        other => Err(Failure::Wrong { during, found: format!("found {other:?}, expected a conflict") }),
    }
}
