//! The audit log: one JSON line for each refusal, change and ticket. Nothing in it is secret, and nothing is left out:
//! where lines cannot be written, callers wait.
mod writer;

use std::path::Path;

use granary_proto::Method;
use granary_rpc::{Error, reason};
use serde::Serialize;

use crate::admit::{Call, Caller};
use writer::Writer;

/// Where the lines go.
#[derive(Debug, Default)]
pub struct Audit(Option<Writer>);

/// One line.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry {
    time: String,
    action: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    tenant: String,
    /// The key that asked for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    key_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    account: String,
    /// What an administrative action was about: a tenant or a key.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    credentials: Vec<Credential>,
    #[serde(skip_serializing_if = "String::is_empty")]
    request_id: String,
}

#[derive(Clone, Debug, Serialize)]
struct Credential {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Audit {
    /// No log.
    pub fn none() -> Self {
        Self(None)
    }

    /// Appends to a file, which is made with mode 0600 where there is none.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        Writer::start(path).map(|writer| Self(Some(writer)))
    }

    pub(crate) fn entry(&self, method: &Method, request_id: &str) -> Entry {
        Entry {
            time: jiff::Timestamp::now().to_string(),
            action: method.name().to_owned(),
            request_id: request_id.to_owned(),
            ..Entry::default()
        }
    }

    pub(crate) fn of_call(&self, call: &Call) -> Entry {
        let mut entry = self.entry(call.method, &call.request_id);
        entry.caller(&call.caller);
        entry
    }

    /// Takes a line; waits while the queue is full.
    pub(crate) async fn record(&self, entry: Entry) {
        let Some(writer) = &self.0 else { return };
        match serde_json::to_vec(&entry) {
            Ok(mut line) => {
                line.push(b'\n');
                writer.send(line).await;
            }
            Err(error) => tracing::error!(%error, "an audit entry cannot be written as JSON"),
        }
    }

    /// Returns once everything recorded so far is on the disk, or has failed to get there for five seconds.
    pub async fn flush(&self) {
        if let Some(writer) = &self.0 {
            writer.flush().await;
        }
    }
}

impl Entry {
    pub(crate) fn caller(&mut self, caller: &Caller) {
        self.tenant.clone_from(&caller.tenant);
        self.key_id.clone_from(&caller.key_id);
    }

    pub(crate) fn account(mut self, identifier: &str) -> Self {
        identifier.clone_into(&mut self.account);
        self
    }

    pub(crate) fn subject(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    pub(crate) fn credential(mut self, kind: &'static str, version: Option<i64>) -> Self {
        self.credentials.push(Credential { kind, version });
        self
    }

    pub(crate) fn done(mut self) -> Self {
        self.outcome = "OK";
        self
    }

    pub(crate) fn refused(mut self, error: &Error) -> Self {
        self.outcome = reason::name(error.reason());
        self
    }
}
