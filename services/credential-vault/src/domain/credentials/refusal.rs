//! Why a credential cannot be had, or not be changed.
use std::time::Duration;

use granary_credential::Kind;
use granary_rpc::{Error, Reason};

use crate::domain::documents;
use crate::domain::time::now_ms;

pub(super) fn expect(expected: Option<i64>, current: Option<&documents::Credential>) -> Result<(), Error> {
    let version = current.map_or(0, |record| record.version);
    match expected {
        Some(expected) if expected != version => Err(Error::new(
            Reason::VersionConflict,
            format!("the current version is {version}, not {expected}"),
        )
        .with("current_version", version.to_string())
        .with("expected_version", expected.to_string())),
        _ => Ok(()),
    }
}

pub(super) fn missing(kind: Kind) -> Error {
    let text = format!(
        "the account has no {}; store one with PutSealedCredential, or with PutCredential at credential-vault's own address",
        kind.text()
    );
    Error::new(Reason::CredentialMissing, text).with("kind", kind.text())
}

pub(super) fn expired(kind: Kind) -> Error {
    let text = format!(
        "the vendor no longer takes the account's {}; ask the user for a new one and put it",
        kind.text()
    );
    Error::new(Reason::CredentialExpired, text).with("kind", kind.text())
}

pub(super) fn probed(record: &documents::Credential, kind: Kind, delay: Duration) -> Error {
    let text = format!("the account's {} was probed a moment ago; what came of it stands", kind.text());
    Error::new(Reason::Overloaded, text)
        .with("kind", kind.text())
        .with("limit", "probes")
        .with("status", record.status().as_str_name())
        .with("version", record.version.to_string())
        .with("is_open", record.probe_is_open(now_ms()).to_string())
        .retry_after(delay)
}

pub(super) fn revoked(kind: Kind) -> Error {
    let text = format!("the account's {} was revoked; only a new put brings it back", kind.text());
    Error::new(Reason::CredentialRevoked, text).with("kind", kind.text())
}

pub(super) fn damaged() -> Error {
    Error::new(Reason::Internal, "the credential store holds damaged data")
}
