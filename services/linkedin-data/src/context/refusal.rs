//! Which credential upstream refused, where a call carries two of them.
use std::time::Duration;

use granary_credential::{Credential, Kind};
use granary_rpc::{Deadline, Error};
use granary_upstream::{Answer, Auth, Call, Effective, Verb, effective};

use super::{API_KEY, CallContext};
use crate::envelope::Envelope;
use crate::failure;

/// The words with which upstream refuses a key, in small letters.
const BAD_KEY: &str = "invalid api key";
/// Longest time that the question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

impl CallContext {
    /// The error of a 401 or a 403 that upstream itself says. Where only the key was sent, a 401 is its own fault and a 403 a
    /// missing right. With a session beside it, asking for the key's owner tells them apart: that is free, and needs the key
    /// alone.
    pub(super) async fn settle(&self, status: u16, answer: &Answer, envelope: &Envelope<'_>) -> Error {
        let of = |kind| failure::rejected(kind, status, envelope);
        let failed = || failure::of(status, answer, Some(envelope), self.is_write());
        if self.held(Kind::LinkedinSession).is_none() {
            return if status == 401 { of(Kind::HarvestapiKey) } else { failed() };
        }
        let words = envelope.error.as_deref().unwrap_or_default();
        if status == 401 && words.to_lowercase().contains(BAD_KEY) {
            return of(Kind::HarvestapiKey);
        }
        match self.is_key_taken().await {
            Some(true) => of(Kind::LinkedinSession),
            Some(false) => of(Kind::HarvestapiKey),
            // Nobody knows which of them it was, so that neither is reported.
            None if status == 401 => failure::unsettled(status, envelope),
            None => failed(),
        }
    }

    /// Whether upstream takes the key by itself. `None`: it could not be asked.
    pub(crate) async fn is_key_taken(&self) -> Option<bool> {
        let Some(Credential::HarvestapiKey { api_key }) = self.held(Kind::HarvestapiKey) else { return None };
        let auth = Auth::new(self.grant.secrets()).header(API_KEY, api_key);
        let call = Call { repeatable: true, ..Call::new(Verb::Get, "/users/my-api-user") };
        let deadline = Deadline::after(self.deadline.remaining().min(QUESTION_TIMEOUT));
        let answer = self.service.harvestapi().send(call, auth, deadline).await.ok()?;
        let envelope = Envelope::read(&answer)?;
        match effective(answer.status, envelope.status) {
            Effective::Success if envelope.owner().is_some() => Some(true),
            Effective::Failed(401) if envelope.is_own_refusal(401) => Some(false),
            Effective::Success | Effective::Failed(_) => None,
        }
    }
}
