//! Credentials as the control port sees them: which there are, and what shall be true of one from now on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{Complaint, Fields};

/// The credentials that one vendor takes.
pub(crate) trait Credentials: Send + Sync {
    /// The kinds of them, in the order in which complaints name them.
    fn kinds(&self) -> &'static [CredentialKind];

    /// Everything that exists, by the name of its list, each in the order of the seed.
    fn listing(&self) -> Vec<(&'static str, Value)>;

    /// Applies an update, creates what is unknown, and answers the resulting properties.
    fn apply(&self, update: Update) -> Result<Value, Complaint>;
}

/// A kind of credential, by the field that holds its value.
pub(crate) struct CredentialKind {
    pub(crate) field: &'static str,
    /// Another name that people know it by.
    pub(crate) alias: Option<&'static str>,
}

/// What shall be true of one credential from now on.
pub(crate) struct Update {
    /// The field of its kind.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    pub(crate) state: Option<CredentialState>,
    /// Properties that only this kind has.
    pub(crate) fields: Fields,
}

/// Whether a vendor takes a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CredentialState {
    Active,
    Revoked,
    Expired,
    Forbidden,
}

impl CredentialState {
    pub(crate) const WORDS: [(&'static str, Self); 4] = [
        ("active", Self::Active),
        ("revoked", Self::Revoked),
        ("expired", Self::Expired),
        ("forbidden", Self::Forbidden),
    ];
}
