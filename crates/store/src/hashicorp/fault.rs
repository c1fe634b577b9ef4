//! What a failed call to Vault means. Errors of the client library can hold response bodies, and so secrets: they are taken
//! apart here, at once, and nothing of their text goes on.
use std::time::Duration;

use rustify::errors::ClientError as HttpError;
use vaultrs::error::ClientError;

use crate::{Error, Outage, Refusal};

/// Why a call failed, without a word that Vault sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is nothing at the path.
    NotFound,
    /// The record is not of the version that check-and-set asked for.
    Conflict,
    /// Vault says that the request is wrong: for a decryption, that the value or its context is.
    Invalid,
    /// The transit key, or an engine, is not there.
    NotSetUp,
    /// 403, for whatever reason.
    Forbidden,
    /// The answer cannot be read.
    Unreadable,
    /// This server cannot serve now.
    Outage(Outage),
    /// The leader lost its place while it wrote. What it wrote may stand.
    Deposed,
    /// It could not be connected to, so nothing was sent.
    Unreached,
}

impl Fault {
    pub(crate) fn of(error: &ClientError) -> Self {
        match error {
            ClientError::APIError { code, errors } => {
                status(*code, |text| errors.iter().any(|e| e.contains(text)))
            }
            ClientError::RestClientError { source } => transport(source),
            ClientError::WrapInvalidError => Self::Invalid,
            _ => Self::Unreadable,
        }
    }

    /// Whether another server may do better.
    pub(crate) fn elsewhere(self) -> bool {
        matches!(
            self,
            Self::Unreached
                | Self::Deposed
                | Self::Outage(
                    Outage::Sealed | Outage::Standby | Outage::Unreachable | Outage::Untrusted | Outage::Slow
                )
        )
    }

    /// Whether the call was certainly not carried out.
    pub(crate) fn undone(self) -> bool {
        matches!(
            self,
            Self::Unreached
                | Self::Forbidden
                | Self::Outage(Outage::Sealed | Outage::Standby | Outage::Untrusted | Outage::RateLimited)
        )
    }

    /// The name in metrics.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::NotSetUp => "not_set_up",
            Self::Forbidden => "permission_denied",
            Self::Unreadable => "unreadable",
            Self::Outage(outage) => outage.text(),
            Self::Deposed => Outage::Standby.text(),
            Self::Unreached => Outage::Unreachable.text(),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict => Self::Conflict,
            Fault::NotFound => Self::Corrupt("vault has no such record".to_owned()),
            Fault::Invalid => Self::Corrupt("vault refused a value".to_owned()),
            Fault::NotSetUp => Self::Denied(
                "an engine or key is missing in vault; run granary hashicorp-vault bootstrap".to_owned(),
            ),
            Fault::Forbidden => Self::Denied("vault says that permission is denied".to_owned()),
            Fault::Unreadable => outage(Outage::Unreadable),
            Fault::Outage(kind) => outage(kind),
            Fault::Deposed => outage(Outage::Standby),
            Fault::Unreached => outage(Outage::Unreachable),
        }
    }
}

fn outage(outage: Outage) -> Error {
    let retry = match outage {
        Outage::Sealed | Outage::QuorumLost | Outage::KeyVersion | Outage::LoggedOut(_) => {
            Duration::from_secs(10)
        }
        Outage::Standby => Duration::from_secs(3),
        Outage::RateLimited => Duration::from_secs(2),
        _ => Duration::from_secs(1),
    };
    Error::Unavailable { retry, outage, cause: format!("vault: {}", outage.text()) }
}

fn transport(error: &HttpError) -> Fault {
    match error {
        HttpError::ServerResponseError { code, content } => {
            status(*code, |text| content.as_ref().is_some_and(|c| c.contains(text)))
        }
        HttpError::RequestError { source, .. } | HttpError::ResponseError { source } => {
            match source.downcast_ref::<reqwest::Error>() {
                Some(error) if untrusted(error) => Fault::Outage(Outage::Untrusted),
                Some(error) if error.is_connect() => Fault::Unreached,
                Some(error) if error.is_timeout() => Fault::Outage(Outage::Slow),
                _ => Fault::Outage(Outage::Unreachable),
            }
        }
        _ => Fault::Unreadable,
    }
}

/// Whether a connection failed because one of the two has no certificate that the other takes.
fn untrusted(error: &(dyn std::error::Error + 'static)) -> bool {
    use rustls::AlertDescription::{BadCertificate, CertificateRequired, CertificateUnknown, UnknownCA};

    let mut next = Some(error);
    while let Some(error) = next {
        // An I/O error names what is behind the error inside it, and not that one.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(inner) = inner {
            next = Some(inner);
            continue;
        }
        match error.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
                return true;
            }
            Some(rustls::Error::AlertReceived(alert)) => {
                let ours = [BadCertificate, CertificateRequired, CertificateUnknown, UnknownCA];
                return ours.contains(alert);
            }
            _ => next = error.source(),
        }
    }
    false
}

fn status(code: u16, says: impl Fn(&str) -> bool) -> Fault {
    match code {
        400 if says("check-and-set parameter did not match") => Fault::Conflict,
        400 if says("encryption key not found") || says("no key") => Fault::NotSetUp,
        // Its min_decryption_version is above the value's, which is whole.
        400 if says("disallowed by policy (too old)") => Fault::Outage(Outage::KeyVersion),
        // A KV engine that a new leader has just mounted.
        400 if says("non-versioned to versioned data") => Fault::Outage(Outage::Standby),
        400 => Fault::Invalid,
        403 => Fault::Forbidden,
        404 if says("no handler for route") => Fault::NotSetUp,
        404 => Fault::NotFound,
        429 => Fault::Outage(Outage::RateLimited),
        307 | 308 | 412 | 472 | 473 => Fault::Outage(Outage::Standby),
        // Adaptive overload protection.
        503 if says("overloaded") => Fault::Outage(Outage::RateLimited),
        503 if says("Vault is sealed") || says("sealed") => Fault::Outage(Outage::Sealed),
        500..=599 if says("leadership lost") => Fault::Deposed,
        500..=599 if says("standby") || says("not active") || says("leader") => {
            Fault::Outage(Outage::Standby)
        }
        // All that is left of an error which Vault keeps to itself: mostly, no audit device could be written.
        500 if says("internal error") => Fault::Outage(Outage::AuditFull),
        _ => Fault::Outage(Outage::Unreachable),
    }
}

/// Why Vault did not let us in.
pub(crate) fn refusal(error: &ClientError) -> Refusal {
    let ClientError::APIError { code, errors } = error else { return Refusal::Unsaid };
    let says = |text: &str| errors.iter().any(|error| error.contains(text));
    // Whatever is mounted lets anybody try to log in.
    if matches!(*code, 403 | 404) || says("missing client token") {
        Refusal::Mount
    } else if says("invalid role or secret ID") || says("invalid secret id") || says("invalid role ID") {
        Refusal::RoleOrSecretId
    } else if says("could not be found") {
        Refusal::Role
    } else if says("expired") || says("not valid yet") || says("(exp)") || says("(nbf)") || says("(iat)") {
        Refusal::JwtExpired
    } else if says("error validating") || says("error verifying") {
        Refusal::Jwt
    } else {
        Refusal::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: u16, text: &str) -> Fault {
        Fault::of(&ClientError::APIError { code, errors: vec![text.to_owned()] })
    }

    #[test]
    fn what_an_operator_must_tell_apart_is_told_apart() {
        assert_eq!(api(400, "check-and-set parameter did not match the current version"), Fault::Conflict);
        assert_eq!(api(400, "cipher: message authentication failed"), Fault::Invalid);
        assert_eq!(api(400, "encryption key not found"), Fault::NotSetUp);
        assert_eq!(api(403, "permission denied"), Fault::Forbidden);
        assert_eq!(api(404, "no handler for route \"x/data/y\". route entry not found."), Fault::NotSetUp);
        assert_eq!(api(429, "request path: rate limit quota exceeded"), Fault::Outage(Outage::RateLimited));
        assert_eq!(api(503, "overloaded, try again later"), Fault::Outage(Outage::RateLimited));
        assert_eq!(api(503, "Vault is sealed"), Fault::Outage(Outage::Sealed));
        assert_eq!(
            api(500, "local node not active but active cluster node not found"),
            Fault::Outage(Outage::Standby)
        );
        assert_eq!(api(502, "bad gateway"), Fault::Outage(Outage::Unreachable));
        assert_eq!(api(500, "internal error"), Fault::Outage(Outage::AuditFull));
    }

    #[test]
    fn a_write_is_sent_again_only_if_it_was_certainly_not_carried_out() {
        assert!(api(500, "local node not active but active cluster node not found").undone());
        assert!(api(500, "node is not the leader").undone());
        let lost = api(500, "leadership lost while committing log");
        assert!(lost.elsewhere() && !lost.undone());
        assert!(!api(500, "context canceled").undone());
    }

    #[test]
    fn nothing_that_vault_said_is_left_in_an_error() {
        let canary = "canary-7f3a";
        let errors = [
            ClientError::APIError { code: 400, errors: vec![canary.to_owned()] },
            ClientError::RestClientError {
                source: HttpError::ServerResponseError { code: 500, content: Some(canary.to_owned()) },
            },
            ClientError::JsonParseError {
                source: serde_json::from_str::<u8>("\"canary-7f3a\"").unwrap_err(),
            },
        ];
        for error in errors {
            let fault = Fault::of(&error);
            let error = Error::from(fault);
            assert!(!format!("{fault:?} {error:?} {error}").contains(canary));
        }
    }
}
