//! Answers as documents: the one JSON form of a message, which tables for people are read from, too.
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::exit::Failure;

/// A message of that full name as JSON: proto names, short texts of enums, times as RFC 3339.
pub fn document(name: &str, message: &impl Message) -> Result<Value, Failure> {
    let descriptor = granary_proto::pool()?
        .get_message_by_name(name)
        .ok_or_else(|| Failure::unexpected(format!("no message {name}")))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .map_err(Failure::unexpected)?;
    Ok(granary_convert::to_json(&dynamic))
}

/// The same for a message inside an answer, which must be there.
pub fn inner(name: &str, message: Option<&impl Message>) -> Result<Value, Failure> {
    document(name, message.ok_or_else(|| Failure::unexpected(format!("the answer holds no {name}")))?)
}

/// A list of messages of that full name.
pub fn documents(name: &str, messages: &[impl Message]) -> Result<Vec<Value>, Failure> {
    messages.iter().map(|m| document(name, m)).collect()
}

/// A document of one member.
pub fn named(name: &str, value: impl Into<Value>) -> Value {
    json!({name: value.into()})
}

#[cfg(test)]
mod tests {
    use granary_proto::granary::policy::v1::CredentialKind;
    use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus};

    use super::*;

    #[test]
    fn documents_use_proto_names_short_texts_and_rfc_3339() {
        let state = CredentialState {
            kind: CredentialKind::HarvestToken as i32,
            version: 2,
            status: CredentialStatus::Active as i32,
            put_time: Some(prost_types::Timestamp { seconds: 1_774_958_400, nanos: 0 }),
            status_time: None,
            fingerprint: "00".into(),
            kept_versions: vec![1, 2],
        };
        let document = document("granary.vault.v1.CredentialState", &state).unwrap();
        let expected = json!({"kind": "harvest_token", "version": 2, "status": "ACTIVE",
            "put_time": "2026-03-31T12:00:00Z", "fingerprint": "00", "kept_versions": [1, 2]});
        assert_eq!(document, expected);
    }
}
