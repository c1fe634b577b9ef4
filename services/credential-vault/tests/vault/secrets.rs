//! No secret leaves the store by a log line or an error, whatever Vault answers.
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use granary_credential_vault::TREE;
use granary_server::logging::{Form, Logging};
use granary_store::bootstrap::{self, NAME};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_store::{Context, Error, Expect, Store};
use granary_testkit::vault::ready::{Ready, all_operations, file, with_token};
use granary_testkit::{Canary, Fault, FaultProxy};
use serde_json::json;
use tracing::Dispatch;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::service::{Counting, Options, harvest_token, suite_on};

/// What a whole answer of Vault has beside its data.
const AROUND: &str = r#""request_id":"r","lease_id":"","renewable":false,"lease_duration":0"#;
/// Which of the answers has the form of Vault's errors.
const ERRORS: usize = 9;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn writer(&self) -> BoxMakeWriter {
        let lines = self.clone();
        BoxMakeWriter::new(move || lines.clone())
    }

    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Secrets {
    token: Canary,
    secret_id: Canary,
    value: Canary,
    answered: Canary,
    number: Canary,
}

impl Secrets {
    fn new() -> Self {
        let [token, secret_id, value, answered] =
            ["token", "secret-id", "value", "answered"].map(Canary::new);
        Self { token, secret_id, value, answered, number: Canary("908172635445362".to_owned()) }
    }

    fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let all = [&self.token, &self.secret_id, &self.value, &self.answered, &self.number];
        all.into_iter().flat_map(|canary| canary.found_in(bytes)).collect()
    }

    /// Answers of every shape, right and wrong, that hold the canary where something may print it.
    fn answers(&self) -> Vec<String> {
        let (text, number) = (&self.answered.0, &self.number.0);
        let times = r#""created_time":"t","deletion_time":"","destroyed":false,"version":1"#;
        vec![
            format!(r#"{{"data":{{"data":"{text}","metadata":{{}}}}}}"#),
            format!(r#"{{{AROUND},"data":{{"data":"{text}","metadata":{{}}}}}}"#),
            format!(r#"{{{AROUND},"data":{{"data":{{"record":"{text}"}},"metadata":{{{times}}}}}}}"#),
            format!(r#"{{{AROUND},"data":{{"data":{{"record":{number}}},"metadata":{{{times}}}}}}}"#),
            format!(r#"{{{AROUND},"data":{{"plaintext":"{text}","ciphertext":"{text}","keys":"{text}"}}}}"#),
            format!(
                r#"{{{AROUND},"data":{{"plaintext":{number},"ciphertext":{number},"keys":[{number}]}}}}"#
            ),
            format!(r#"{{{AROUND},"data":["{text}"]}}"#),
            format!(r#"{{{AROUND},"warnings":["{text}"]}}"#),
            format!(r#"{{"auth":{{"client_token":"{text}","accessor":"{text}"}}}}"#),
            format!(r#"{{"errors":["{text}"]}}"#),
            format!(r#"{{"errors":"{text}"}}"#),
            format!("[\"{text}\"]"),
            format!("\"{text}\""),
            number.clone(),
            format!("<html>{text}</html>"),
            text.clone(),
        ]
    }
}

/// Everything that an error says to anyone.
fn said(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text += &format!("{error} {error:?} {error:#?}\n");
        next = error.source();
    }
    text
}

fn said_by_store(error: Error) -> String {
    let own = said(&error);
    let told = granary_rpc::Error::from(error);
    let all = own + &said(&told);
    all + &format!("{:?}", told.into_status())
}

/// Goes through every failure of the store, and returns what the errors said.
async fn drive(secrets: &Secrets) -> String {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let secret_id = json!({"secret_id": secrets.secret_id.0});
    api.must("POST", &format!("auth/approle/role/{NAME}/custom-secret-id"), secret_id).await;
    let token = json!({"id": secrets.token.0, "policies": [NAME], "no_parent": true, "ttl": "1h"});
    api.must("POST", "auth/token/create", token).await;
    let proxy = FaultProxy::start(ready.server.address()).await;
    let mut role = ready.app_role_at(&[&proxy.address()]);
    role.auth.secret_id_file = Some(file(ready.server.dir(), "canary-id", &secrets.secret_id.0));
    let held = Config { addresses: role.addresses.clone(), ..with_token(&ready.server, &secrets.token.0) };
    let mut all = String::new();
    for config in [role, held] {
        all += &calls(&proxy, &config, secrets).await;
        all += &starts(&proxy, &config, secrets).await;
    }
    all
}

/// Calls of a store that is open, and of the service over it.
async fn calls(proxy: &FaultProxy, config: &Config, secrets: &Secrets) -> String {
    let mut all = String::new();
    let value = secrets.value.0.as_bytes();
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(config).await.unwrap());
    let context = Context::system("canary");
    let path = format!("system/canary-{}", rand::random::<u32>());
    store.put(&path, value.to_vec(), Expect::Absent).await.unwrap();
    let sealed = store.seal(&context, value).await.unwrap();
    assert_eq!(&*store.open(&context, &sealed).await.unwrap(), value);
    assert_eq!(store.get(&path).await.unwrap().unwrap().data, value);
    all += &said_by_store(store.open(&Context::system("another"), &sealed).await.unwrap_err());
    all += &said_by_store(store.put(&path, value.to_vec(), Expect::Absent).await.unwrap_err());

    let suite = suite_on(Arc::new(Counting::over(Arc::clone(&store))), Options::default()).await;
    let operator = if suite.operator.is_empty() {
        suite.vault.operator_key("acme").await.unwrap()
    } else {
        suite.operator.clone()
    };
    suite.create(&operator, "u").await;
    suite.put(&operator, "u", harvest_token(&secrets.value.0), None).await.unwrap();
    for answer in secrets.answers() {
        for status in [200, 400, 404, 429, 500, 503] {
            proxy.always(Fault::Answer { status, body: answer.clone() });
            for (_, outcome) in all_operations(&store).await {
                all += &outcome.err().map(said_by_store).unwrap_or_default();
            }
        }
        all += &format!("{:?}", suite.get(&operator, "u").await);
        all += &format!("{:?}", suite.put(&operator, "u", harvest_token(&secrets.value.0), None).await);
    }
    let body = secrets.answers().swap_remove(ERRORS);
    let forbidden = Fault::Answer { status: 403, body };
    for fault in [Fault::CutBefore, Fault::CutAfter, Fault::Truncate, forbidden] {
        proxy.always(fault);
        let (outcomes, put, made, opened) = tokio::join!(
            all_operations(&store),
            store.put(&path, value.to_vec(), Expect::Version(7)),
            store.seal(&context, value),
            store.open(&context, &sealed),
        );
        let errors = outcomes.into_iter().filter_map(|(_, outcome)| outcome.err());
        let errors = errors.chain(put.err()).chain(made.err()).chain(opened.err());
        all += &errors.map(said_by_store).collect::<String>();
    }
    proxy.heal().await;
    all + &format!("{store:?} {config:?}")
}

/// Starts that fail, by each way to log in.
async fn starts(proxy: &FaultProxy, config: &Config, secrets: &Secrets) -> String {
    let mut all = String::new();
    let mut wrapped = config.clone();
    wrapped.auth.secret_id_wrapped = true;
    for (number, answer) in secrets.answers().into_iter().enumerate() {
        // The last three are waited for, which takes its time.
        let statuses = [200, 400, 403, 404, 429, 500, 503];
        for status in statuses.into_iter().take(if number == ERRORS { 7 } else { 4 }) {
            proxy.always(Fault::Answer { status, body: answer.clone() });
            for config in [config, &wrapped] {
                let opened = tokio::time::timeout(Duration::from_millis(100), HashiCorp::open(config)).await;
                all += &opened.map_or_else(|_| String::new(), |opened| said(&opened.unwrap_err()));
                let made = bootstrap::run(config, &TREE, &bootstrap::Options::default()).await;
                all += &made.map_or_else(|failure| said(&failure), |_| String::new());
            }
        }
    }
    proxy.heal().await;
    all
}

/// A subscriber is set for one thread only, so these tests have no other.
async fn nothing_is_told(logging: Logging) {
    let (secrets, lines) = (Secrets::new(), Lines::default());
    let _set = tracing::dispatcher::set_default(&logging.to(lines.writer()));
    let said = drive(&secrets).await;
    let logged = lines.taken();
    let text = String::from_utf8_lossy(&logged);
    assert!(text.contains("cannot log in to vault") && text.contains("TRACE"), "nothing was logged:\n{text}");
    assert!(said.contains("unreadable") && said.contains("damaged"), "{said}");
    assert_eq!(secrets.found_in(&logged), Vec::<String>::new());
    assert_eq!(secrets.found_in(said.as_bytes()), Vec::<String>::new());
}

#[tokio::test]
async fn no_secret_is_told_by_errors_or_by_logs_at_their_most_talkative() {
    nothing_is_told(Logging { filter: "trace".to_owned(), form: Form::Pretty }).await;
}

#[tokio::test]
async fn no_filter_makes_the_client_library_talk() {
    let filter = "trace,vaultrs=trace,vaultrs::api=trace,rustify=trace,rustify::client=trace,[request]=trace";
    nothing_is_told(Logging { filter: filter.to_owned(), form: Form::Json }).await;
}

#[tokio::test]
async fn the_client_library_does_talk_where_nobody_stops_it() {
    let (secrets, lines) = (Secrets::new(), Lines::default());
    let everything =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.writer());
    let _set = tracing::dispatcher::set_default(&Dispatch::new(everything.finish()));
    let ready = Ready::start().await;
    let proxy = FaultProxy::start(ready.server.address()).await;
    let store = HashiCorp::open(&ready.app_role_at(&[&proxy.address()])).await.unwrap();
    proxy.always(Fault::Answer { status: 500, body: secrets.answers().swap_remove(ERRORS) });
    store.get("system/x").await.unwrap_err();
    assert!(!secrets.found_in(&lines.taken()).is_empty(), "the other tests look for what is never there");
}
