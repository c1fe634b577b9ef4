//! What a gRPC status tells: its one reason where it is one of ours, else as much as its code says.
use std::error::Error as _;

use granary_rpc::error::DOMAIN;
use granary_rpc::{Family, Violation, metadata};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Failure, Whose, chain, family_of};

/// The reason of a call that nobody answered.
pub(super) const UNREACHABLE: &str = "UNREACHABLE";

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let mut failure = match status.get_details_error_info().filter(|info| info.domain == DOMAIN) {
            Some(info) => {
                let family = family_of(&info.reason, info.metadata.get("family").map(String::as_str));
                let mut failure = Self::local(Whose::Of(family), &info.reason, status.message().to_owned());
                failure.metadata = info.metadata.into_iter().collect();
                failure.metadata.sort();
                failure
            }
            None => unexplained(&status),
        };
        failure.violations = status
            .get_details_bad_request()
            .map(|faults| faults.field_violations)
            .unwrap_or_default()
            .into_iter()
            .map(|v| Violation { field: v.field, description: v.description })
            .collect();
        failure.retry_after_seconds = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay)
            .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        if let Some(id) = status.metadata().get(metadata::REQUEST_ID).and_then(|v| v.to_str().ok()) {
            failure.metadata.push(("request_id".to_owned(), id.to_owned()));
        }
        failure.tell("IDENTIFIER");
        failure
    }
}

/// A status that is not one of ours: the transport's, or that of something else at the address.
fn unexplained(status: &Status) -> Failure {
    let code = status.code();
    // Statuses that the client made by itself, because nothing readable came back, have a source.
    if let Some(source) = status.source() {
        let message = chain(source);
        return Failure::unreachable(message);
    }
    let family = match code {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Aborted
        | Code::ResourceExhausted
        | Code::DeadlineExceeded
        | Code::Unimplemented => Family::Caller,
        Code::Ok | Code::Cancelled | Code::Unknown | Code::Internal | Code::Unavailable | Code::DataLoss => {
            Family::Operator
        }
    };
    let message = match status.message() {
        "" if code == Code::Unimplemented => {
            "nobody serves this at that address; is it the right api?".to_owned()
        }
        "" => format!("the answer was {code:?}, without a word"),
        message => message.to_owned(),
    };
    let mut failure = Failure::local(Whose::Of(family), "UNEXPLAINED", message);
    failure.metadata.push(("grpc_code".to_owned(), format!("{code:?}")));
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_without_a_reason_are_told_apart_by_their_code() {
        assert_eq!(Failure::from(Status::invalid_argument("x")).code(), 4);
        assert_eq!(Failure::from(Status::unimplemented("x")).code(), 4);
        assert_eq!(Failure::from(Status::unavailable("x")).code(), 7);
        assert_eq!(Failure::from(Status::internal("")).text().lines().count(), 3);
    }

    #[test]
    fn what_the_client_made_up_itself_is_unreachable() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let failure = Failure::from(Status::from_error(Box::new(refused)));
        assert_eq!(failure.code(), 7);
        assert!(failure.text().contains("UNREACHABLE"), "{}", failure.text());
    }

    #[test]
    fn the_request_id_helps_to_find_the_call_in_logs() {
        let mut status = granary_rpc::Error::new(granary_rpc::Reason::Internal, "x").into_status();
        status.metadata_mut().insert(metadata::REQUEST_ID, "abc".parse().unwrap());
        assert!(Failure::from(status).text().ends_with("request_id: abc"));
    }
}
