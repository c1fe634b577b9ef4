//! Why an operation of a store failed, and what a caller is told of it.
use std::fmt;
use std::time::Duration;

use granary_rpc::Reason;

/// When to try again after the store has refused us; as with a sealed one, someone must act first.
const REFUSED_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Why a store cannot serve, as far as that tells an operator what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Vault is sealed; someone must unseal it.
    Sealed,
    /// No server of Vault is active; a leader is being elected.
    Standby,
    /// Vault limits our rate.
    RateLimited,
    /// There is no connection, or it broke.
    Unreachable,
    /// No answer came in time.
    Slow,
    /// An answer came that is none.
    Unreadable,
    /// No server of Vault leads, and too few are up and unsealed to choose one.
    QuorumLost,
    /// Vault fails inside, as it does while its audit device cannot be written.
    AuditFull,
    /// We do not take its certificate, or it does not take ours.
    Untrusted,
    /// Vault takes neither our token nor what we log in with.
    LoggedOut(Refusal),
    /// Vault's key opens no versions of a value's age any more, though it has them.
    KeyVersion,
    /// Everything is being moved to another store, and nothing may change meanwhile.
    Migrating,
    /// The disk, or the file on it, fails.
    Failing,
    /// The disk is full. Nothing is written until there is room.
    Full,
    /// The file failed and is opened again. Nothing is written until it works.
    Reopening,
    /// Everything was moved to another store by another process.
    Left,
    /// The process ends.
    Closed,
}

/// Why Vault does not let us in, as far as it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such role, or no such secret id of it; Vault does not say which.
    RoleOrSecretId,
    /// There is no such role.
    Role,
    /// The JWT is past its end, or not valid yet: the clocks differ, or nobody renewed it.
    JwtExpired,
    /// The role does not take this JWT: its issuer, audience or subject.
    Jwt,
    /// Nothing is mounted where we log in: the namespace or the mount is unknown.
    Mount,
    /// Vault's user lockout: after logins with a wrong secret id it takes the right one no more, for a quarter of an hour.
    LockedOut,
    /// The file or variable that we log in with is missing, or holds no secret.
    Unusable,
    /// It does not say.
    Unsaid,
}

impl Refusal {
    /// Its name in errors and metrics.
    pub fn text(self) -> &'static str {
        match self {
            Self::RoleOrSecretId => "role_or_secret_id_unknown",
            Self::Role => "role_unknown",
            Self::JwtExpired => "jwt_expired",
            Self::Jwt => "jwt_refused",
            Self::Mount => "login_not_mounted",
            Self::LockedOut => "locked_out",
            Self::Unusable => "login_unusable",
            Self::Unsaid => "logged_out",
        }
    }
}

impl Outage {
    /// Its name in errors and metrics.
    pub fn text(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Standby => "standby",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Unreadable => "unreadable",
            Self::QuorumLost => "quorum_lost",
            Self::AuditFull => "audit_full",
            Self::Untrusted => "untrusted_certificate",
            Self::LoggedOut(refusal) => refusal.text(),
            Self::KeyVersion => "key_version",
            Self::Migrating => "migrating",
            Self::Failing => "failing",
            Self::Full => "disk_full",
            Self::Reopening => "reopening",
            Self::Left => "left",
            Self::Closed => "closed",
        }
    }

    /// Whether a repeat is known to fail until someone has made room, or the file works again.
    pub fn lasts(self) -> bool {
        matches!(self, Self::Full | Self::Reopening | Self::Left)
    }

    /// What a caller is told.
    pub fn message(self) -> &'static str {
        match self {
            Self::Sealed => "the credential store is sealed; its operator must unseal it",
            Self::Standby => "the credential store has no leader at the moment",
            Self::RateLimited => "the credential store limits the rate of requests",
            Self::Unreachable => "the credential store cannot be reached",
            Self::Slow => "the credential store does not answer in time",
            Self::Unreadable => "the credential store answers what cannot be read",
            Self::QuorumLost => "most servers of the credential store are sealed or down",
            Self::AuditFull => {
                "the credential store fails inside, as it does while its audit device is full or cannot be written"
            }
            Self::Untrusted => {
                "the credential store's certificate is not trusted by credential-vault, or ours not by it"
            }
            Self::LoggedOut(Refusal::RoleOrSecretId) => {
                "the credential store does not know credential-vault's role or secret id"
            }
            Self::LoggedOut(Refusal::Role) => "the credential store does not know credential-vault's role",
            Self::LoggedOut(Refusal::JwtExpired) => {
                "the JWT that credential-vault logs in with has expired, or the clocks differ"
            }
            Self::LoggedOut(Refusal::Jwt) => {
                "the credential store's role does not take the JWT that credential-vault logs in with"
            }
            Self::LoggedOut(Refusal::Mount) => {
                "the credential store has no such namespace, or nothing where credential-vault logs in"
            }
            Self::LoggedOut(Refusal::LockedOut) => {
                "the credential store has locked credential-vault's role out after logins with a wrong secret id"
            }
            Self::LoggedOut(Refusal::Unusable) => {
                "credential-vault has nothing to log in to the credential store with; its log says why"
            }
            Self::LoggedOut(Refusal::Unsaid) => "the credential store does not let credential-vault in",
            Self::KeyVersion => {
                "the credential store's key may not open a value of this age; its operator must lower min_decryption_version"
            }
            Self::Migrating => "the credential store is being moved; nothing can be changed meanwhile",
            Self::Failing => "the credential store fails",
            Self::Full => "the disk of the credential store is full",
            Self::Reopening => "the file of the credential store failed and is being opened again",
            Self::Left => {
                "everything was moved to another credential store; this replica must be started on it"
            }
            Self::Closed => "the credential store is closing",
        }
    }
}

/// Why an operation of a store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be reached or is too slow. A put may have happened.
    #[error("the store is unavailable: {cause}")]
    Unavailable {
        /// How long to wait before a repeat.
        retry: Duration,
        /// What kind of outage it is.
        outage: Outage,
        /// What happened, for the operator.
        cause: String,
    },
    /// What stands at the path is not what was expected. Nothing was written.
    #[error("the record is not of the expected version")]
    Conflict,
    /// Data does not read back as what was written, or a value was sealed under another context or key.
    #[error("the store holds damaged data: {0}")]
    Corrupt(String),
    /// What stands at this path was not written by us.
    #[error("a record that is not granary's stands at {0}: move it away")]
    Foreign(String),
    /// This kind of store has no such operation.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The store refuses us, or the operation.
    #[error("the store refuses the operation: {0}")]
    Denied(String),
}

impl Error {
    /// An outage of the store itself, to be tried again soon.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::out(Outage::Failing, cause)
    }

    /// An outage of a known kind, to be tried again soon.
    pub fn out(outage: Outage, cause: impl fmt::Display) -> Self {
        Self::Unavailable { retry: Duration::from_secs(1), outage, cause: cause.to_string() }
    }

    /// Its name in health and metrics.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Unavailable { outage, .. } => outage.text(),
            Self::Conflict => "conflict",
            Self::Corrupt(_) => "corrupt",
            Self::Foreign(_) => "foreign_record",
            Self::Unsupported(_) => "unsupported",
            Self::Denied(_) => "permission_denied",
        }
    }
}

impl From<Error> for granary_rpc::Error {
    fn from(error: Error) -> Self {
        let mapped = match &error {
            Error::Unavailable { retry, outage, .. } => Self::new(Reason::StoreUnavailable, outage.message())
                .with("cause", outage.text())
                .retry_after(*retry),
            Error::Conflict => Self::new(Reason::Overloaded, "too many writers change the same record")
                .retry_after(Duration::from_millis(200)),
            Error::Corrupt(_) => Self::new(Reason::Internal, "the credential store holds damaged data"),
            Error::Foreign(_) => Self::new(Reason::Internal, error.to_string()),
            Error::Unsupported(text) => Self::new(Reason::InvalidInput, *text),
            Error::Denied(text) => {
                let text = format!("the credential store refused credential-vault: {text}");
                Self::new(Reason::StoreUnavailable, text)
                    .with("cause", error.text())
                    .retry_after(REFUSED_RETRY_DELAY)
            }
        };
        mapped.caused_by(error)
    }
}
