//! What was found, how bad it is, and what to do.
use serde_json::{Value, json};

use crate::exit::{CALLER, CONFIGURATION, Failure, OPERATOR, UPSTREAM, USAGE, USER};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be.
    Fine,
    /// Calls may work, and it should be looked at.
    Warning,
    /// Calls fail.
    Fault,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) level: Level,
    /// What was found.
    pub(super) said: String,
    /// What to do about it; empty where nothing is to be done.
    pub(super) next: String,
    /// The exit code that a fault stands for.
    code: u8,
}

impl Level {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    /// As it should be.
    pub(super) fn fine(check: &'static str, said: impl Into<String>) -> Self {
        Self { check, level: Level::Fine, said: said.into(), next: String::new(), code: 0 }
    }

    /// To be looked at.
    pub(super) fn warning(check: &'static str, said: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, said: said.into(), next: next.into(), code: 0 }
    }

    /// Calls fail for it.
    pub(super) fn fault(
        check: &'static str,
        code: u8,
        said: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { check, level: Level::Fault, said: said.into(), next: next.into(), code }
    }

    /// A look that failed, as a fault.
    pub(super) fn failed(check: &'static str, failure: &Failure) -> Self {
        let next = format!("`granary explain {}` says who must act", failure.reason());
        Self::fault(check, failure.code(), failure.message(), next)
    }

    /// A look that could not be taken, for a reason that breaks nothing else.
    pub(super) fn unseen(check: &'static str, failure: &Failure) -> Self {
        let said = format!("not looked at: {}", failure.message());
        Self::warning(check, said, format!("`granary explain {}` says what is missing", failure.reason()))
    }

    /// For scripts.
    pub(super) fn document(&self) -> Value {
        json!({"check": self.check, "level": self.level.text(), "said": self.said, "next": self.next})
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        let mut line = format!("{:8} {:17} {}", self.level.text(), self.check, self.said);
        if !self.next.is_empty() {
            line += &format!("\n{:26} {}", "", self.next);
        }
        line
    }
}

/// How bad a fault of an exit code is, beside others: what stops every call comes before what stops one user's.
fn weight(code: u8) -> u8 {
    match code {
        0 => 0,
        USER => 1,
        UPSTREAM => 2,
        CALLER => 3,
        USAGE => 4,
        CONFIGURATION => 5,
        OPERATOR => 6,
        _ => 7,
    }
}

/// The exit code of the worst fault; 0 where there is none.
pub(super) fn worst(findings: &[Finding]) -> u8 {
    findings.iter().map(|finding| finding.code).max_by_key(|code| weight(*code)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_fault_is_the_exit_code() {
        let fault = |code| Finding::fault("x", code, "", "");
        assert_eq!(worst(&[Finding::fine("x", ""), Finding::warning("x", "", "")]), 0);
        assert_eq!(worst(&[fault(5), Finding::fine("x", ""), fault(7), fault(4)]), 7);
        assert_eq!(worst(&[fault(5), fault(3)]), 3);
    }

    #[test]
    fn a_failed_look_names_its_reason_and_code() {
        let finding = Finding::failed("gateway", &Failure::unreachable("nobody there".into()));
        assert_eq!((finding.level, worst(std::slice::from_ref(&finding))), (Level::Fault, 7));
        assert!(
            finding.line().contains("nobody there") && finding.line().contains("granary explain UNREACHABLE")
        );
    }
}
