//! An upstream's JSON, read into the larger messages of the contract.
#![no_main]
use granary_convert::decode_lenient;
use granary_convert::lenient::Fields;
use granary_proto::granary::harvest::v1::{ProjectAssignment, TimeEntry, User};
use granary_proto::granary::linkedin::v1::{ApiUser, Company, Job, Profile};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde::de::IgnoredAny;

fuzz_target!(|input: (u8, &str)| {
    let (number, text) = input;
    match number % 7 {
        0 => read::<Profile>(text),
        1 => read::<Company>(text),
        2 => read::<Job>(text),
        3 => read::<ApiUser>(text),
        4 => read::<TimeEntry>(text),
        5 => read::<ProjectAssignment>(text),
        _ => read::<User>(text),
    }
});

fn read<M: Fields + Message + PartialEq>(text: &str) {
    let Ok(mut message) = decode_lenient::<M>(text) else { return };
    for (key, raw) in message.extra().into_iter().flatten() {
        assert!(serde_json::from_str::<IgnoredAny>(raw).is_ok(), "{key} keeps what is no JSON: {raw}");
    }
    let bytes = message.encode_to_vec();
    assert!(M::decode(bytes.as_slice()).expect("what was encoded") == message, "it changed on the wire");
}
