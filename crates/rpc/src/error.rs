//! The one error of the suite. `Display` is for the caller; `source()` is for the operator and never leaves the process.
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::help;
use crate::reason::{self, Family, Reason};

/// The domain of every `ErrorInfo` of ours.
pub const DOMAIN: &str = "granary";

/// Bytes of the message in which faults are told; the details have them all. Both go into trailers, of which many clients take
/// 8,192 bytes, and there a letter may become nine.
const MAX_TOLD: usize = 800;

/// A failure with one reason.
#[derive(Clone)]
pub struct Error {
    reason: Reason,
    message: String,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The field's path, such as `spent_date` or `filter.ids[2]`. Empty: the request as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub description: String,
}

impl Error {
    /// A failure; the message is for the caller: lower case, no full stop, no secret.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            metadata: Vec::new(),
            violations: Vec::new(),
            retry_after: None,
            source: None,
        }
    }

    /// An input with faults, all of them listed.
    pub fn invalid(mut violations: Vec<Violation>) -> Self {
        violations.sort();
        violations.dedup();
        let mut message = String::new();
        for (told, violation) in violations.iter().enumerate() {
            let one = format!("{}: {}", display_field(&violation.field), violation.description);
            if told > 0 && message.len() + one.len() > MAX_TOLD {
                message.push_str("; …");
                break;
            }
            message.push_str(if told > 0 { "; " } else { "" });
            message.push_str(&one);
        }
        let mut error = Self::new(Reason::InvalidInput, message);
        error.violations = violations;
        error
    }

    /// Adds a variable part of the message.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((key, value.into()));
        self
    }

    /// Adds field violations, for reasons other than plain invalid input.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// Says when a repeat may help.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds what the operator should see, and the caller should not.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Who must act.
    pub fn family(&self) -> Family {
        reason::classify(self.reason).1
    }

    /// The gRPC code.
    pub fn code(&self) -> Code {
        reason::classify(self.reason).0
    }

    /// The faults by field.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// One variable part of the message.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str())
    }

    /// How long to wait before a repeat.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The status that goes on the wire, with the error kept in it as its source.
    pub fn into_status(self) -> Status {
        let (code, family) = reason::classify(self.reason);
        let mut metadata: HashMap<String, String> =
            self.metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        metadata.insert("family".to_owned(), family.text().to_owned());
        let name = reason::name(self.reason);
        let mut details = ErrorDetails::with_error_info(name, DOMAIN, metadata);
        for violation in &self.violations {
            details.add_bad_request_violation(&violation.field, &violation.description);
        }
        if let Some(wait) = self.retry_after {
            details.set_retry_info(Some(wait));
        }
        if self.reason == Reason::OutOfCredit || self.reason == Reason::LimitExceeded {
            details.add_quota_failure_violation(self.get("subject").unwrap_or("call"), &self.message);
        }
        if let Some(page) = help::page(name) {
            details.add_help_link("what this means and who should act", page);
        }
        let mut status = Status::with_error_details(code, self.message.clone(), details);
        status.set_source(Arc::new(self));
        status
    }
}

/// What a peer's status says, where it is one of ours.
pub fn reason_of(status: &Status) -> Option<Reason> {
    let info = status.get_details_error_info()?;
    if info.domain == DOMAIN { reason::from_name(&info.reason) } else { None }
}

/// A word that a peer's status says about itself.
pub fn metadata_of(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info().filter(|info| info.domain == DOMAIN)?.metadata.get(key).cloned()
}

/// How long a peer's status asks to wait.
pub fn retry_delay_of(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// The same status with one more word about it.
pub fn with_metadata(status: &Status, key: &str, value: &str) -> Status {
    let mut details = status.get_error_details();
    let Some(mut info) = details.error_info().cloned() else { return status.clone() };
    info.metadata.insert(key.to_owned(), value.to_owned());
    details.set_error_info(info.reason, info.domain, info.metadata);
    let mut with = Status::with_error_details_and_metadata(
        status.code(),
        status.message(),
        details,
        status.metadata().clone(),
    );
    if let Some(source) = std::error::Error::source(status) {
        with.set_source(Arc::new(Told(source.to_string())));
    }
    with
}

/// What was the source of a status that was made again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(String);

fn display_field(field: &str) -> &str {
    if field.is_empty() { "request" } else { field }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.into_status()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", reason::name(self.reason), self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_reason_faults_and_wait() {
        let violation = Violation { field: "hours".into(), description: "must be at most 24".into() };
        let status =
            Error::invalid(vec![violation.clone()]).retry_after(Duration::from_secs(3)).into_status();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(reason_of(&status), Some(Reason::InvalidInput));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "hours");
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(3)));
        assert_eq!(status.message(), "hours: must be at most 24");
    }

    #[test]
    fn a_message_of_many_faults_is_cut_between_two_and_the_details_have_them_all() {
        let fault = |n| Violation { field: format!("urls[{n:02}]"), description: "must be a profile".into() };
        let status = Error::invalid((0..60).map(fault).collect()).into_status();
        assert!(status.message().len() <= MAX_TOLD + 5 && status.message().ends_with("a profile; …"));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations.len(), 60);
    }
}
