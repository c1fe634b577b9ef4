//! Where a run stands, and how it ends.

use serde::{Deserialize, Serialize};

/// Where a run stands, in Apify's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub(super) enum Status {
    Ready,
    Running,
    Succeeded,
    Failed,
    TimingOut,
    TimedOut,
    Aborting,
    Aborted,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) status: Status,
    pub(super) message: &'static str,
}

/// What both actors say when they may not charge any more.
pub(super) const MAX_CHARGE: &str = "max charge reached";

impl Status {
    /// Ends that can be asked for at the control port.
    pub(super) const FORCED: [(&'static str, Self); 3] =
        [("FAILED", Self::Failed), ("TIMED-OUT", Self::TimedOut), ("ABORTED", Self::Aborted)];

    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::TimedOut | Self::Aborted)
    }

    /// What a run passes through on its way to an end that is forced on it.
    pub(super) fn on_the_way(self) -> Option<Self> {
        match self {
            Self::TimedOut => Some(Self::TimingOut),
            Self::Aborted => Some(Self::Aborting),
            _ => None,
        }
    }

    pub(super) fn exit_code(self) -> Option<u8> {
        match self {
            Self::Succeeded => Some(0),
            Self::Failed => Some(1),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimingOut => "TIMING-OUT",
            Self::TimedOut => "TIMED-OUT",
            Self::Aborting => "ABORTING",
            Self::Aborted => "ABORTED",
        }
    }
}

impl End {
    pub(super) const ABORTED: Self = Self { status: Status::Aborted, message: "Actor was aborted" };
    pub(super) const TIMED_OUT: Self = Self { status: Status::TimedOut, message: "Actor timed out" };
    pub(super) const CAPPED: Self = Self::succeeded(MAX_CHARGE);

    pub(super) const fn succeeded(message: &'static str) -> Self {
        Self { status: Status::Succeeded, message }
    }

    pub(super) const fn failed(message: &'static str) -> Self {
        Self { status: Status::Failed, message }
    }

    /// The end that the control port asked for.
    pub(super) fn forced(status: Status) -> Self {
        match status {
            Status::Aborted => Self::ABORTED,
            Status::TimedOut => Self::TIMED_OUT,
            _ => Self::failed("Failed on purpose"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_kept_under_its_own_word() {
        for status in [Status::Ready, Status::Succeeded, Status::TimingOut, Status::TimedOut, Status::Aborted]
        {
            assert_eq!(serde_json::to_value(status).unwrap(), status.word());
        }
    }
}
