//! Why a call failed: one enum, and the one place that gives each reason its gRPC code and the party that must act.
pub use granary_proto::granary::policy::v1::ErrorReason as Reason;
use tonic::Code;

/// Who must act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// The caller: its input, key, scope or cap.
    Caller,
    /// The end user: a credential, its credit or its rights upstream.
    User,
    /// The third party.
    Upstream,
    /// Whoever runs Granary.
    Operator,
}

impl Family {
    /// The word used in metadata, docs and metrics.
    pub fn text(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::User => "user",
            Self::Upstream => "upstream",
            Self::Operator => "operator",
        }
    }
}

/// The gRPC code and the family of a reason.
pub fn classify(reason: Reason) -> (Code, Family) {
    use Family::{Caller, Operator, Upstream, User};
    match reason {
        Reason::ApiKeyMissing | Reason::ApiKeyInvalid | Reason::ApiKeyExpired => {
            (Code::Unauthenticated, Caller)
        }
        Reason::ScopeMissing | Reason::AccountNotAllowed => (Code::PermissionDenied, Caller),
        Reason::AccountHeaderInvalid
        | Reason::InvalidInput
        | Reason::SealInvalid
        | Reason::UpstreamInvalidInput
        | Reason::TimerModeMismatch
        | Reason::NotAssigned => (Code::InvalidArgument, Caller),
        Reason::MethodUnknown | Reason::MethodNotHere | Reason::EncodingUnknown => {
            (Code::Unimplemented, Caller)
        }
        Reason::ToolUnknown | Reason::NotFound | Reason::AccountNotFound | Reason::UpstreamNotFound => {
            (Code::NotFound, Caller)
        }
        Reason::AlreadyExists => (Code::AlreadyExists, Caller),
        Reason::VersionConflict | Reason::UpstreamConflict => (Code::Aborted, Caller),
        Reason::SealExpired | Reason::SealReplayed | Reason::CostCapExceeded => {
            (Code::FailedPrecondition, Caller)
        }
        Reason::LimitExceeded => (Code::ResourceExhausted, Caller),
        Reason::DeadlineExceeded => (Code::DeadlineExceeded, Caller),
        Reason::AccountDisabled
        | Reason::CredentialMissing
        | Reason::CredentialExpired
        | Reason::CredentialRevoked
        | Reason::CredentialRejected => (Code::FailedPrecondition, User),
        Reason::OutOfCredit => (Code::ResourceExhausted, User),
        Reason::UpstreamForbidden => (Code::PermissionDenied, User),
        Reason::UpstreamThrottled | Reason::UpstreamUnavailable | Reason::UpstreamMalformed => {
            (Code::Unavailable, Upstream)
        }
        Reason::UnknownOutcome => (Code::Unknown, Upstream),
        Reason::StoreUnavailable | Reason::ServiceUnavailable | Reason::Overloaded => {
            (Code::Unavailable, Operator)
        }
        Reason::TicketRefused | Reason::PeerRefused => (Code::PermissionDenied, Operator),
        Reason::Internal | Reason::Unspecified => (Code::Internal, Operator),
    }
}

/// The name as it stands in `ErrorInfo.reason`, such as "CREDENTIAL_MISSING".
pub fn name(reason: Reason) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

/// The reason of that name.
pub fn from_name(name: &str) -> Option<Reason> {
    Reason::from_str_name(&format!("ERROR_REASON_{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_that_reads_back() {
        for number in 0..200 {
            if let Ok(reason) = Reason::try_from(number) {
                assert_eq!(from_name(name(reason)), Some(reason));
                assert_ne!(classify(reason).0, Code::Ok);
            }
        }
    }

    /// Who a page says must act, by the words with which that begins.
    const WHO: [(Family, &[&str]); 4] = [
        (
            Family::Caller,
            &[
                "the caller",
                "the calling backend",
                "the backend",
                "the developer",
                "the agent",
                "whoever keeps the backend's key",
            ],
        ),
        (Family::User, &["the user", "whoever manages the account"]),
        (Family::Upstream, &["the third party", "nobody can mend it"]),
        (Family::Operator, &["the operator"]),
    ];

    fn code_name(code: Code) -> String {
        let name = format!("{code:?}");
        let parted = name.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain([c]));
        parted.collect::<String>().trim_start_matches('_').to_uppercase()
    }

    #[test]
    fn every_page_says_the_code_the_family_and_who_reacts_as_the_table_does() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let index = std::fs::read_to_string(docs.join("README.md")).unwrap();
        let sections: Vec<&str> = index.split("\nFamily `").skip(1).collect();
        assert_eq!(sections.len(), 4, "one section for each family");
        for reason in (1..200).filter_map(|number| Reason::try_from(number).ok()) {
            let ((code, family), name) = (classify(reason), name(reason));
            let page = std::fs::read_to_string(docs.join(format!("{name}.md"))).unwrap();
            let says = |row: &str| page.lines().any(|line| line == row);
            assert!(says(&format!("| gRPC code | `{}` |", code_name(code))), "{name}: {code:?}");
            assert!(says(&format!("| Family | {} |", family.text())), "{name}: {family:?}");
            let who = page.split("**Who reacts:** ").nth(1).unwrap();
            let (_, words) = WHO.iter().find(|(one, _)| *one == family).unwrap();
            assert!(words.iter().any(|words| who.starts_with(words)), "{name} is the {family:?}'s: {who}");
            let row = format!("| [{name}]({name}.md) | `{}` |", code_name(code));
            let section = sections.iter().find(|section| section.contains(&row));
            assert!(section.is_some_and(|s| s.starts_with(family.text())), "{name} in README.md");
        }
    }
}
