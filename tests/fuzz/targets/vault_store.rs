//! Whatever stands where HashiCorp Vault should, once we are logged in. The first byte says what is asked.
#![no_main]
use std::fmt::Debug;
use std::sync::LazyLock;

use granary_fuzz::upstream::{Answer, Upstream, echoing};
use granary_store::bootstrap::policy;
use granary_store::hashicorp::config::Auth;
use granary_store::hashicorp::config::Method;
use granary_store::{Context, Expect, HashiCorp, Store, hashicorp::Config};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const SECRET: &str = "canary-4f1d0c9b7e";
/// Those after which the store asks no more: it waits for a Vault that is away, and logs in again after 403.
const STATUSES: [u16; 6] = [200, 204, 301, 400, 404, 412];
/// What stands around an answer's data.
const AROUND: &str =
    r#"{"request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0, "data": "#;
/// What a start asks for beside its policy: the token, the engine of records, the key of values.
const START: [&str; 3] = [
    r#"{"accessor": "a", "creation_time": 1, "creation_ttl": 0, "display_name": "token", "entity_id": "",
        "explicit_max_ttl": 0, "id": "t", "meta": null, "num_uses": 0, "orphan": true, "path": "auth/token/create",
        "policies": ["granary"], "renewable": false, "ttl": 0, "type": "service"}"#,
    r#"{"cas_required": true, "delete_version_after": "0s", "max_versions": 1}"#,
    r#"{"type": "aes256-gcm96", "deletion_allowed": false, "derived": true, "exportable": false,
        "allow_plaintext_backup": false, "keys": {"1": 1}, "min_decryption_version": 1, "min_encryption_version": 0,
        "name": "credentials", "supports_encryption": true, "supports_decryption": true, "supports_derivation": true,
        "supports_signing": false}"#,
];

struct Harness {
    runtime: Runtime,
    upstream: Upstream,
    store: HashiCorp,
}

static HARNESS: LazyLock<Harness> = LazyLock::new(|| {
    let (runtime, upstream) = Upstream::start();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "hvs.a-token").expect("a file");
    let store = runtime.block_on(async {
        let [token, engine, key] = START.map(str::to_owned);
        // After the token, what it may do: everything.
        let rules = policy::rules(&Config::default());
        let all = rules.iter().map(|rule| format!(r#""{}": ["root"]"#, rule.path.replace('*', "any")));
        let policy = format!("{{{}}}", all.collect::<Vec<_>>().join(", "));
        let answers = [token, policy, engine, key];
        let answers =
            answers.iter().map(|data| Answer { status: 200, body: format!("{AROUND}{data}}}").into() });
        upstream.will_answer(answers.collect());
        let token_file = Some(file.path().to_owned());
        let auth = Auth { method: Some(Method::Token), token_file, ..Auth::default() };
        let config = Config { addresses: vec![upstream.url.clone()], auth, ..Config::default() };
        HashiCorp::open(&config).await.expect("a store")
    });
    Harness { runtime, upstream, store }
});

fuzz_target!(|input: (u8, u8, &str)| {
    let (what, status, body) = input;
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    HARNESS.upstream.will_answer(vec![Answer { status, body: echoing(body, SECRET) }]);
    HARNESS.runtime.block_on(ask(what, &HARNESS.store));
});

async fn ask(what: u8, store: &HashiCorp) {
    let context = Context::system("fuzz");
    match what % 10 {
        0 => silent(store.get("a/b").await.map(drop)),
        1 => silent(store.put("a/b", b"data".to_vec(), Expect::Version(1)).await),
        2 => silent(store.mark("a/b", Some("mark"), 1).await),
        3 => silent(store.delete("a/b").await),
        4 => match store.list("a", Some("b"), 10).await {
            Ok(names) => {
                assert!(names.len() <= 10 && names.is_sorted(), "more than asked for, or in no order");
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                let fits = |name: &String| name.as_str() > "b" && name.bytes().all(plain);
                assert!(names.iter().all(fits), "names that no path can hold: {names:?}");
            }
            error => silent(error),
        },
        5 => silent(store.seal(&context, SECRET.as_bytes()).await.map(drop)),
        6 => silent(store.open(&context, b"vault:v1:AAAA").await.map(drop)),
        7 => silent(store.rewrap(&context, b"vault:v1:AAAA").await.map(drop)),
        8 => silent(store.destroy_old("a/b").await),
        _ => silent(store.rotate().await),
    }
}

/// No error repeats what Vault said.
fn silent<T: Debug>(outcome: Result<T, granary_store::Error>) {
    if let Err(error) = outcome {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET), "the error repeats what Vault said: {text}");
    }
}
