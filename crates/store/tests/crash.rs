//! A write that was acknowledged is there after the process was killed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use granary_credential::Key;
use granary_store::{Embedded, Expect, Store};

const CHILD: &str = "GRANARY_TEST_CRASH_STORE";
const KEY: [u8; 32] = [7; 32];
const RECORDS: usize = 1_000;

#[test]
fn acknowledged_writes_survive_a_kill() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_until_killed(&PathBuf::from(path));
    }
    let dir = tempfile::tempdir().unwrap();
    // Killed early, midway, and late; the later rounds write over what the earlier ones left.
    let mut acknowledged = Vec::new();
    for kill_after in [20, 500, 1_500] {
        let path = dir.path().join("store.redb");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["acknowledged_writes_survive_a_kill", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for line in lines.by_ref() {
            acknowledged.extend(parse(&line.unwrap()));
            seen += 1;
            if seen == kill_after {
                break;
            }
        }
        child.kill().unwrap();
        // What it printed before it died counts, too; a line that was cut off does not.
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| parse(&line)));
        assert_eq!(child.wait().unwrap().signal(), Some(9), "it was still writing");
        check(&path, &acknowledged);
    }
}

/// Eight writers at a time, so that commits hold several records.
fn write_until_killed(path: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = std::sync::Arc::new(Embedded::open(path, &Key::from_bytes(KEY)).unwrap());
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let store = std::sync::Arc::clone(&store);
            writers.spawn(async move {
                // Over and over, so that it is never done when it is killed.
                for number in (writer..RECORDS).step_by(8).cycle() {
                    let path = format!("crash/{number}");
                    let before = store.get(&path).await.unwrap();
                    let expect = before.map_or(Expect::Absent, |record| Expect::Version(record.version));
                    let version = store.put(&path, data(number), expect).await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {number} {version} .").unwrap();
                    out.flush().unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

fn parse(line: &str) -> Option<(usize, u64)> {
    let mut words = line.strip_suffix(" .")?.rsplit(' ');
    let version = words.next()?.parse().ok()?;
    Some((words.next()?.parse().ok()?, version))
}

fn data(number: usize) -> Vec<u8> {
    format!("record {number}").repeat(20).into_bytes()
}

fn check(path: &Path, acknowledged: &[(usize, u64)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Embedded::open(path, &Key::from_bytes(KEY)).unwrap();
        for (number, version) in acknowledged {
            let record = store.get(&format!("crash/{number}")).await.unwrap();
            let record = record.unwrap_or_else(|| panic!("record {number} is lost"));
            assert!(record.version >= *version, "version {version} of record {number} is lost");
            assert_eq!(record.data, data(*number));
        }
        store.close().await;
    });
}
