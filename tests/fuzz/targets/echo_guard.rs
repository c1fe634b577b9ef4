//! An answer that repeats a secret, wherever it stands in it. `\xff`, which no text has, stands for the secret.
#![no_main]
use std::sync::LazyLock;

use bytes::Bytes;
use granary_credential::Secret;
use granary_upstream::mask::Masker;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

const SECRET: &str = "canary\"4f/1d+0c 9b~é";

static MASKER: LazyLock<Masker> = LazyLock::new(|| Masker::new(&[&Secret::new(SECRET.to_owned())]));

fuzz_target!(|bytes: &[u8]| {
    let mut text = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == 0xff { text.extend_from_slice(SECRET.as_bytes()) } else { text.push(*byte) }
    }
    let (masked, found) = MASKER.mask(Bytes::from(text.clone()));
    assert!(
        !masked.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()),
        "the secret is still there"
    );
    assert!(found > 0 || masked == text, "it changed though nothing was found");
    if json(&text) {
        assert!(json(&masked), "it is no JSON any more: {}", String::from_utf8_lossy(&masked));
    }
});

fn json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}
