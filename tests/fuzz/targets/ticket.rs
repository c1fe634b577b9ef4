//! Tickets, principal tokens and verdicts that nobody sealed or signed, or that were changed on the way.
#![no_main]
use std::sync::LazyLock;

use granary_credential::ticket::{Expected, Format, Header, Keyring, open, seal};
use granary_credential::verdict::{self, Verdict};
use granary_credential::{Credential, Key, Kind, Secret, principal};
use granary_proto::Rights;
use granary_proto::granary::internal::v1::Principal;
use granary_proto::granary::policy::v1::{Effect, Exposure, Scope};
use libfuzzer_sys::fuzz_target;

const NOW: u64 = 1_800_000_000_000;

struct Good {
    key: Key,
    ring: Keyring,
    ticket: Vec<u8>,
    token: Vec<u8>,
    verdict: Vec<u8>,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let key = Key::random();
    let ring = Keyring::single(key.clone());
    let header = Header {
        audience: "service".to_owned(),
        tenant: "acme".to_owned(),
        account: "user".to_owned(),
        incarnation: vec![7; 16],
        ..Header::default()
    };
    let held = [(Credential::ApifyToken { token: Secret::new("apify_api_secret".to_owned()) }, 1)];
    let (ticket, _) = seal(&ring, Format::default(), header, &held, NOW).expect("a ticket");
    let token = principal::mint(&key, &Principal::default());
    let heard = Verdict {
        process: "service".to_owned(),
        tenant: "acme".to_owned(),
        version: 1,
        ..Verdict::default()
    };
    let verdict = verdict::sign(&ring, &heard).expect("a verdict");
    Good { key, ring, ticket, token, verdict }
});

fuzz_target!(|input: (u16, &[u8])| {
    let (place, bytes) = input;
    refused(bytes);
    if bytes.iter().any(|byte| *byte != 0) {
        refused(&changed(&GOOD.ticket, place, bytes));
        refused(&changed(&GOOD.token, place, bytes));
        refused(&changed(&GOOD.verdict, place, bytes));
    }
});

/// With some bytes of it turned.
fn changed(good: &[u8], place: u16, turn: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let start = usize::from(place) % bytes.len();
    let turn = &turn[turn.iter().position(|byte| *byte != 0).unwrap_or(0)..];
    bytes[start..].iter_mut().zip(turn).for_each(|(byte, turn)| *byte ^= turn);
    bytes
}

fn refused(bytes: &[u8]) {
    let expected = Expected {
        audience: "service",
        tenant: "acme",
        account: "user",
        incarnation: &[7; 16],
        needs: &[vec![Kind::ApifyToken]],
        rights: Rights {
            scope: Scope::Unspecified,
            effect: Effect::Unspecified,
            exposure: Exposure::Unspecified,
        },
        now_ms: NOW,
    };
    assert!(open(&GOOD.ring, bytes, &expected).is_err(), "a ticket that nobody sealed was opened");
    assert!(principal::read(&GOOD.key, bytes, 0).is_none(), "a token that nobody minted was read");
    assert!(verdict::verify(&GOOD.ring, bytes).is_none(), "a verdict that nobody signed was read");
    verdict::claimed_process(bytes);
}
