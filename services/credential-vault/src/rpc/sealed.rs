//! Opens a sealed credential and refuses one that does not fit the caller, its time, or its first use.
use granary_credential::{Credential, api_key};
use granary_proto::granary::vault::v1::{PutSealedCredentialRequest, SealedCredential, sealed_for};
use granary_rpc::{Error, Identifier, Reason, Violation};

use super::{Violations, of_sealed};
use crate::domain::caller::Caller;
use crate::domain::credentials::parse_expected;
use crate::domain::keys::live;
use crate::domain::seals;
use crate::domain::time::millis;
use crate::state::State;

/// Longest box, in bytes. The longest credential fits twice.
const BOX: usize = 32 * 1024;

/// A request whose box is still closed.
pub(super) struct Closed {
    pub(super) identifier: Identifier,
    sealed_box: Vec<u8>,
    key_id: String,
}

/// What a box held.
pub(super) struct Opened {
    pub(super) credential: Credential,
    pub(super) expected: Option<i64>,
    not_after_ms: i64,
}

impl Closed {
    pub(super) fn parse(request: PutSealedCredentialRequest) -> Result<Self, Error> {
        let mut violations = Violations::default();
        let identifier = violations.identifier(request.identifier);
        if request.sealed_box.is_empty() || request.sealed_box.len() > BOX {
            violations.add("sealed_box", "must be a sealed box of 1 to 32,768 bytes");
        }
        if request.key_id.is_empty() {
            violations.add("key_id", "must be the key_id that GetSealingKey returned");
        }
        let (sealed_box, key_id) = (request.sealed_box, request.key_id);
        violations.finish(identifier.map(|identifier| Self { identifier, sealed_box, key_id }))
    }

    /// Opens the box for a caller of the tenant that it was sealed for.
    pub(super) async fn open(&self, state: &State, caller: &Caller) -> Result<Opened, Error> {
        if self.key_id != state.system.sealing_id() {
            return Err(invalid(
                "the credential was sealed with a key that is not ours; ask GetSealingKey for it",
            ));
        }
        let opened = state.system.sealing.open(&self.sealed_box);
        let mut inside = opened.ok_or_else(|| invalid("the sealed credential cannot be opened"))?;
        // First of all, so that the secret is wiped whatever is wrong with the rest.
        let credential = inside.credential.take().map(of_sealed);
        if inside.identifier != self.identifier.as_str() {
            return Err(invalid("the credential was sealed for another account"));
        }
        must_be_for(&inside, state, caller).await?;
        let opened = parse(credential, &inside)?;
        seals::check_time(opened.not_after_ms)?;
        Ok(opened)
    }

    /// Takes the box as used. Whatever fails after this, it has to be sealed again.
    pub(super) async fn claim(&self, state: &State, opened: &Opened) -> Result<(), Error> {
        seals::claim(&state.records, &self.sealed_box, opened.not_after_ms).await
    }
}

/// Checks that the box was sealed for a tenant whose caller submits it. Its client knows the id of an API key by itself; what a
/// tenant's name might have come from is an answer, which somebody in between could have changed.
async fn must_be_for(inside: &SealedCredential, state: &State, caller: &Caller) -> Result<(), Error> {
    let Some(sealed_for::Caller::ApiKeyId(key_id)) =
        inside.sealed_for.as_ref().and_then(|sealed_for| sealed_for.caller.as_ref())
    else {
        return Err(invalid(
            "the sealed credential says for whom it is by nothing that is known here: sealed_for.api_key_id",
        ));
    };
    let is_theirs = api_key::is_id(key_id)
        && match state.keys.stored(key_id).await {
            Ok(key) => key.tenant == caller.tenant && live(&key).is_ok(),
            Err(error) if error.reason() == Reason::ApiKeyInvalid => false,
            Err(error) => return Err(error),
        };
    if is_theirs {
        return Ok(());
    }
    Err(invalid(
        "the credential was sealed for another tenant than the caller's, or for an API key that is no more",
    ))
}

type Parsed = Option<Result<Credential, Vec<Violation>>>;

fn parse(credential: Parsed, inside: &SealedCredential) -> Result<Opened, Error> {
    let mut violations = Violations::default();
    let credential = violations.credential(credential);
    parse_expected(inside.expected_version, 0, &mut violations.0);
    let not_after_ms = inside.not_after.as_ref().and_then(millis);
    if not_after_ms.is_none() {
        violations.add("not_after", "must be a time at most 10 minutes ahead");
    }
    let expected = inside.expected_version;
    violations.finish(credential.zip(not_after_ms).map(|(credential, not_after_ms)| Opened {
        credential,
        expected,
        not_after_ms,
    }))
}

fn invalid(text: &str) -> Error {
    Error::new(Reason::SealInvalid, text)
}
