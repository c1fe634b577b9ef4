//! Values of credentials, and boxes that a caller sealed.
#![no_main]
use std::sync::LazyLock;

use granary_credential::sealed::{SealingKey, seal};
use granary_credential::{Credential, Key, Kind};
use granary_proto::granary::vault::v1::SealedCredential;
use libfuzzer_sys::fuzz_target;
use prost::Message;

static KEY: LazyLock<SealingKey> = LazyLock::new(|| SealingKey::new(&Key::random()));

fuzz_target!(|input: (u8, &[u8])| {
    let (number, bytes) = input;
    let kinds = [Kind::HarvestapiKey, Kind::HarvestToken, Kind::LinkedinSession, Kind::ApifyToken];
    let kind = kinds[usize::from(number) % kinds.len()];
    if let Some(credential) = Credential::decode(kind, bytes) {
        assert!(credential.kind() == kind, "a credential of another kind");
        let again = Credential::decode(kind, &credential.encode());
        assert!(again.as_ref() == Some(&credential), "it changed on its way through the store");
    }
    assert!(KEY.open(bytes).is_none(), "a box that nobody sealed was opened");
    if let Ok(credential) = SealedCredential::decode(bytes) {
        let sealed = seal(&KEY.public_key(), &credential).expect("a box");
        assert!(KEY.open(&sealed) == Some(credential), "it changed in its box");
    }
});
