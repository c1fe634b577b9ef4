//! How a command ends: one failure type, and the exit code by which scripts see who must act.
mod status;
mod told;

use std::error::Error as StdError;

use granary_rpc::{Error, Family, Violation, reason};
use serde_json::{Map, Value, json};

use crate::dollars::usd;

/// The exit code of a command line that cannot be read; clap's own.
pub const USAGE: u8 = 2;

/// The exit code of what this machine must have put right.
pub const CONFIGURATION: u8 = 3;

/// The exit code of what the caller must put right.
pub const CALLER: u8 = 4;

/// The exit code of what is Granary's own.
pub const OPERATOR: u8 = 7;

/// The exit code of what the user must see to.
pub const USER: u8 = 5;

/// The exit code of what the third party leaves open.
pub const UPSTREAM: u8 = 6;

/// What `granary --help` says about exit codes.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  something unexpected on this machine
  2  the command line cannot be read
  3  the configuration or the environment
  4  yours: input, API key, scope, cap
  5  the user's: a credential, its credit, or rights at the third party
  6  the third party's: down, throttled, or an unknown outcome
  7  Granary's own, or Granary cannot be reached";

/// Why a command did not do what it was asked for. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    whose: Whose,
    reason: String,
    message: String,
    metadata: Vec<(String, String)>,
    violations: Vec<Violation>,
    retry_after_seconds: Option<u64>,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Unexpected,
    Usage,
    Configuration,
    Of(Family),
}

impl Whose {
    /// The word for scripts; what is wrong with the command line or the environment is up to whoever set them.
    fn family(self) -> Family {
        match self {
            Self::Unexpected => Family::Operator,
            Self::Usage | Self::Configuration => Family::Caller,
            Self::Of(family) => family,
        }
    }
}

impl Failure {
    /// Something that should not happen on this machine.
    pub fn unexpected(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(Whose::Unexpected, "UNEXPECTED", chain(&*cause.into()))
    }

    /// A command line that asks for something that cannot be.
    pub fn usage(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(Whose::Usage, "USAGE", chain(&*cause.into()))
    }

    /// Settings, files or variables that must be put right first.
    pub fn configuration(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(Whose::Configuration, "CONFIGURATION", chain(&*cause.into()))
    }

    /// A value that cannot be read: the command line's fault, or the environment's where it came from there.
    pub fn of_value(flag: &str, variable: &str, value: &str, message: &str) -> Self {
        if std::env::var(variable).is_ok_and(|set| set == value) {
            Self::configuration(format!("{variable} {message}"))
        } else {
            Self::usage(format!("{flag} {message}"))
        }
    }

    /// An address at which no Granary answers.
    pub fn unreachable(message: String) -> Self {
        Self::local(Whose::Of(Family::Operator), status::UNREACHABLE, message)
    }

    /// Settings that must be put right first, each fault after the name of its setting.
    pub fn settings(faults: Vec<String>) -> Self {
        let mut failure = Self::configuration(faults.join("; "));
        let violation = |fault: String| match fault.split_once(": ") {
            Some((name, description)) if !name.contains(' ') => {
                Violation { field: name.to_owned(), description: description.to_owned() }
            }
            _ => Violation { field: String::new(), description: fault },
        };
        failure.violations = faults.into_iter().map(violation).collect();
        failure
    }

    /// A field that the caller filled wrongly, found before anything was sent.
    pub fn invalid(field: &str, description: impl Into<String>) -> Self {
        Error::invalid(vec![Violation { field: field.to_owned(), description: description.into() }]).into()
    }

    /// Adds where the call went, and what to try, where nobody answered.
    #[must_use]
    pub fn or_hint(mut self, address: &str, hint: &str) -> Self {
        if self.reason == status::UNREACHABLE {
            self.message = format!("cannot reach {address}: {}; {hint}", self.message);
        }
        self
    }

    /// The reason by which scripts tell failures apart.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What went wrong, without its reason and its parts.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A variable part of the message.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Adds to the message.
    #[must_use]
    pub fn and(mut self, text: &str) -> Self {
        self.message = format!("{}; {text}", self.message);
        self
    }

    fn local(whose: Whose, reason: &str, message: String) -> Self {
        Self {
            whose,
            reason: reason.to_owned(),
            message,
            metadata: vec![("family".to_owned(), whose.family().text().to_owned())],
            violations: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self.whose {
            Whose::Unexpected => 1,
            Whose::Usage => USAGE,
            Whose::Configuration => CONFIGURATION,
            Whose::Of(Family::Caller) => CALLER,
            Whose::Of(Family::User) => USER,
            Whose::Of(Family::Upstream) => UPSTREAM,
            Whose::Of(Family::Operator) => OPERATOR,
        }
    }

    /// For scripts, on stderr.
    pub fn document(&self) -> Value {
        let metadata: Map<String, Value> =
            self.metadata.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
        let violations: Vec<Value> =
            self.violations.iter().map(|v| json!({"field": v.field, "description": v.description})).collect();
        json!({"error": {
            "reason": self.reason,
            "message": self.message,
            "metadata": metadata,
            "violations": violations,
            "retry_after_seconds": self.retry_after_seconds,
        }})
    }

    /// For people, on stderr.
    pub fn text(&self) -> String {
        // Several faults are read one a line; the message has them all on one.
        let lists = self.violations.len() > 1
            && self.violations.iter().all(|v| self.message.contains(&v.description));
        let mut text = if lists {
            let faults = self.violations.iter().map(|v| match v.field.as_str() {
                "" => format!("\n  {}", v.description),
                field => format!("\n  {field}: {}", v.description),
            });
            format!("error: {} faults{}", self.violations.len(), faults.collect::<String>())
        } else {
            format!("error: {}", self.message)
        };
        if let Whose::Of(family) = self.whose {
            text += &format!("\n  reason: {} ({})", self.reason, whose(family));
        }
        // The message of plain invalid input lists its faults already.
        for violation in self.violations.iter().filter(|v| !self.message.contains(&v.description)) {
            text += &format!("\n  {}: {}", violation.field, violation.description);
        }
        for (key, value) in self.metadata.iter().filter(|(key, _)| key != "family") {
            match (key.strip_suffix("_micros"), value.parse()) {
                (Some(key), Ok(micros)) => text += &format!("\n  {key}: {} USD", usd(micros)),
                _ => text += &format!("\n  {key}: {value}"),
            }
        }
        if let Some(seconds) = self.retry_after_seconds {
            text += &format!("\n  a repeat may help after {seconds} s");
        }
        text
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.into_status().into()
    }
}

impl From<granary_proto::policy::Error> for Failure {
    fn from(error: granary_proto::policy::Error) -> Self {
        Self::unexpected(error)
    }
}

fn whose(family: Family) -> &'static str {
    match family {
        Family::Caller => "yours to fix",
        Family::User => "the user's to fix",
        Family::Upstream => "the third party's",
        Family::Operator => "for whoever runs Granary",
    }
}

/// An error with its causes, each said once.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text += &format!(": {said}");
        }
        cause = error.source();
    }
    text
}

/// The family of a reason, by name; a server may know more reasons than this command.
fn family_of(name: &str, declared: Option<&str>) -> Family {
    match (reason::from_name(name), declared) {
        (Some(reason), _) => reason::classify(reason).1,
        (None, Some("caller")) => Family::Caller,
        (None, Some("user")) => Family::User,
        (None, Some("upstream")) => Family::Upstream,
        (None, _) => Family::Operator,
    }
}

#[cfg(test)]
mod tests;
