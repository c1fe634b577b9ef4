//! The three services. Each method takes the call, parses the request, and does the work; the policy was enforced before.
mod admin;
pub(crate) mod admit;
mod broker;
mod credential_vault;
mod sealed;
mod verdicts;

use granary_credential::{Credential, Kind};
use granary_proto::granary::vault::v1::{put_credential_request, sealed_credential};
use granary_rpc::{Error, Identifier, Violation};

pub(crate) use admin::Admin;
pub(crate) use broker::CredentialBroker;
pub(crate) use credential_vault::CredentialVault;

/// Collects what is wrong with a request, so that all of it is told at once.
#[derive(Debug, Default)]
struct Violations(Vec<Violation>);

impl Violations {
    fn add(&mut self, field: &str, description: impl Into<String>) {
        self.0.push(Violation { field: field.to_owned(), description: description.into() });
    }

    fn identifier(&mut self, text: String) -> Option<Identifier> {
        Identifier::parse(text).map_err(|violation| self.0.push(violation)).ok()
    }

    fn kind(&mut self, number: i32) -> Kind {
        let kind = Kind::try_from(number).unwrap_or_default();
        if kind == Kind::Unspecified {
            self.add("kind", "must be one of the credential kinds");
        }
        kind
    }

    fn credential(&mut self, parsed: Option<Result<Credential, Vec<Violation>>>) -> Option<Credential> {
        match parsed {
            Some(Ok(credential)) => return Some(credential),
            Some(Err(violations)) => self.0.extend(violations),
            None => self.add(
                "credential",
                "must hold one of harvestapi_key, harvest_token, linkedin_session, apify_token",
            ),
        }
        None
    }

    /// The request is refused if anything is wrong; `None` stands for a part that was.
    fn finish<T>(self, parsed: Option<T>) -> Result<T, Error> {
        match parsed {
            Some(parsed) if self.0.is_empty() => Ok(parsed),
            _ => Err(Error::invalid(self.0)),
        }
    }
}

fn of_put(value: put_credential_request::Credential) -> Result<Credential, Vec<Violation>> {
    use put_credential_request::Credential as Sent;
    match value {
        Sent::HarvestapiKey(value) => Credential::try_from(value),
        Sent::HarvestToken(value) => Credential::try_from(value),
        Sent::LinkedinSession(value) => Credential::try_from(value),
        Sent::ApifyToken(value) => Credential::try_from(value),
    }
    .and_then(Credential::pasted)
}

fn of_sealed(value: sealed_credential::Credential) -> Result<Credential, Vec<Violation>> {
    use sealed_credential::Credential as Sent;
    match value {
        Sent::HarvestapiKey(value) => Credential::try_from(value),
        Sent::HarvestToken(value) => Credential::try_from(value),
        Sent::LinkedinSession(value) => Credential::try_from(value),
        Sent::ApifyToken(value) => Credential::try_from(value),
    }
    .and_then(Credential::pasted)
}
