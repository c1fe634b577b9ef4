//! One line of the log.
use std::time::Duration;

use granary_proto::Method;
use granary_rpc::{Deadline, Error, reason};
use granary_server::RequestId;
use serde::Serialize;
use tokio::time::Instant;

use super::WRITE_TIMEOUT;
use crate::domain::caller::Caller;

/// What is written down of one call.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry {
    time: String,
    action: &'static str,
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
    /// How many calls the line stands for, where it is not one.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u64>,
    #[serde(skip)]
    deadline: Option<Deadline>,
}

#[derive(Clone, Debug, Serialize)]
struct Credential {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Entry {
    /// A line for a call of whom nobody is known yet.
    pub(crate) fn new(method: &'static Method, id: &RequestId, deadline: Option<Deadline>) -> Self {
        let (time, action) = (jiff::Timestamp::now().to_string(), method.name());
        let request_id = id.as_str().to_owned();
        Self { time, action, request_id, deadline, ..Self::default() }
    }

    /// So many calls with the same outcome, of callers who are not known.
    pub(super) fn sum(action: &'static str, outcome: &'static str, attempts: u64) -> Self {
        let (time, attempts) = (jiff::Timestamp::now().to_string(), Some(attempts));
        Self { time, action, outcome, attempts, ..Self::default() }
    }

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

    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    /// Whether nobody is known to have called.
    pub(super) fn is_anonymous(&self) -> bool {
        self.key_id.is_empty()
    }

    /// Until when the call waits for its line, from now on. A little of its deadline is left to tell it why.
    pub(crate) fn patience(&self) -> Instant {
        let left = self.deadline.map_or(Duration::MAX, |deadline| deadline.remaining() / 10 * 9);
        Instant::now() + left.min(WRITE_TIMEOUT)
    }

    /// The line, with its end.
    pub(super) fn line(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(mut line) => {
                line.push(b'\n');
                line
            }
            Err(error) => {
                tracing::error!(%error, "an audit entry cannot be written as JSON");
                Vec::new()
            }
        }
    }
}
