//! A ticket opens only at the service, for the account, with the contents and before the time that it names.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]
use granary_credential::ticket::{self, Expected, Format, Header, Keyring, Refused};
use granary_credential::{Credential, Key, Kind, Secret};
use granary_proto::Rights;
use granary_proto::granary::policy::v1::{Effect, Exposure, Scope};
use proptest::prelude::*;

const AUDIENCE: &str = "harvest-time";
const NOW: u64 = 1_790_000_000_000;

fn credential() -> Credential {
    Credential::HarvestToken { access_token: Secret::new("canary-token-0001".into()), account_id: 910_001 }
}

fn key_credential() -> Credential {
    Credential::HarvestapiKey { api_key: Secret::new("canary-key-0001".into()) }
}

const RIGHTS: Rights = Rights { scope: Scope::TimeWrite, effect: Effect::Write, exposure: Exposure::Gateway };

fn seal(ring: &Keyring, credentials: &[(Credential, i64)]) -> Vec<u8> {
    seal_as(ring, Format::Two, RIGHTS, credentials)
}

fn seal_as(ring: &Keyring, format: Format, rights: Rights, credentials: &[(Credential, i64)]) -> Vec<u8> {
    let mut header = Header {
        audience: AUDIENCE.into(),
        tenant: "acme".into(),
        account: "user_ha_456".into(),
        incarnation: vec![7; 16],
        ..Header::default()
    };
    header.allow(rights);
    ticket::seal(ring, format, header, credentials, NOW).unwrap().0
}

fn needs(kinds: &[Kind]) -> Vec<Vec<Kind>> {
    kinds.iter().map(|k| vec![*k]).collect()
}

fn open<'a>(ring: &Keyring, ticket: &[u8], change: impl FnOnce(&mut Expected<'a>)) -> Result<(), Refused> {
    static NEEDS: std::sync::LazyLock<Vec<Vec<Kind>>> =
        std::sync::LazyLock::new(|| vec![vec![Kind::HarvestToken]]);
    let mut expected = Expected {
        audience: AUDIENCE,
        tenant: "acme",
        account: "user_ha_456",
        incarnation: &[7; 16],
        needs: &NEEDS,
        rights: RIGHTS,
        now_ms: NOW + 1,
    };
    change(&mut expected);
    ticket::open(ring, ticket, &expected).map(|_| ())
}

#[test]
fn a_ticket_opens_where_it_should_and_gives_the_credential_back() {
    let ring = Keyring::single(Key::random());
    let ticket = seal(&ring, &[(credential(), 3)]);
    let needs = needs(&[Kind::HarvestToken]);
    let expected = Expected {
        audience: AUDIENCE,
        tenant: "acme",
        account: "user_ha_456",
        incarnation: &[7; 16],
        needs: &needs,
        rights: RIGHTS,
        now_ms: NOW,
    };
    let grant = ticket::open(&ring, &ticket, &expected).unwrap();
    assert_eq!(grant.credentials(), &[(credential(), 3)]);
    assert_eq!(grant.incarnation(), &[7; 16]);
}

#[test]
fn a_ticket_for_anything_else_is_refused() {
    let ring = Keyring::single(Key::random());
    let ticket = seal(&ring, &[(credential(), 1)]);
    assert_eq!(open(&ring, &ticket, |_| {}), Ok(()));
    assert_eq!(open(&ring, &ticket, |e| e.audience = "linkedin-data"), Err(Refused::Audience));
    assert_eq!(open(&ring, &ticket, |e| e.tenant = "other"), Err(Refused::Account));
    assert_eq!(open(&ring, &ticket, |e| e.account = "user_ha_45"), Err(Refused::Account));
    assert_eq!(open(&ring, &ticket, |e| e.incarnation = &[8; 16]), Err(Refused::Incarnation));
    assert_eq!(open(&ring, &ticket, |e| e.now_ms = NOW + 60_000), Err(Refused::Expired));
    assert_eq!(open(&Keyring::single(Key::random()), &ticket, |_| {}), Err(Refused::Unreadable));
}

#[test]
fn a_ticket_with_other_kinds_than_the_method_declares_is_refused() {
    let ring = Keyring::single(Key::random());
    let token = Kind::HarvestToken;
    let key = Kind::HarvestapiKey;
    type Case<'a> = (&'a [(Credential, i64)], Vec<Vec<Kind>>, bool);
    let cases: [Case<'_>; 7] = [
        (&[(credential(), 1)], needs(&[token]), true),
        (&[(credential(), 1)], vec![vec![token, key]], true),
        (&[(credential(), 1)], needs(&[key]), false),
        (&[(credential(), 1)], needs(&[token, key]), false),
        (&[(credential(), 1), (key_credential(), 1)], needs(&[token]), false),
        (&[(credential(), 1), (key_credential(), 1)], vec![vec![token, key]], false),
        (&[], needs(&[token]), false),
    ];
    for (contents, needs, fits) in cases {
        let ticket = seal(&ring, contents);
        let result = open(&ring, &ticket, |e| e.needs = &needs);
        assert_eq!(result.is_ok(), fits, "{contents:?} for {needs:?}: {result:?}");
    }
}

#[test]
fn a_ticket_for_other_methods_is_refused_and_the_format_before_says_so_of_probes_alone() {
    let ring = Keyring::single(Key::random());
    let others = [
        Rights { scope: Scope::TimeRead, ..RIGHTS },
        Rights { effect: Effect::Read, ..RIGHTS },
        Rights { exposure: Exposure::Direct, ..RIGHTS },
        Rights { exposure: Exposure::Internal, ..RIGHTS },
    ];
    let held = [(credential(), 1)];
    for other in others {
        let is_probe = other.exposure == Exposure::Internal;
        for (sealed, opened) in [(RIGHTS, other), (other, RIGHTS)] {
            let new = seal_as(&ring, Format::Two, sealed, &held);
            assert_eq!(
                open(&ring, &new, |e| e.rights = opened),
                Err(Refused::Rights),
                "{sealed:?} {opened:?}"
            );
            let old = seal_as(&ring, Format::One, sealed, &held);
            assert_eq!(open(&ring, &old, |e| e.rights = opened).is_err(), is_probe, "{sealed:?} {opened:?}");
        }
    }
    // What one format sealed is not taken for the other.
    let mut renamed = seal(&ring, &held);
    renamed[2] = b'1';
    assert_eq!(open(&ring, &renamed, |_| {}), Err(Refused::Unreadable));
}

#[test]
fn a_method_without_upstream_gets_a_ticket_without_a_credential() {
    let ring = Keyring::single(Key::random());
    let empty = seal(&ring, &[]);
    assert_eq!(open(&ring, &empty, |e| e.needs = &[]), Ok(()));
    assert_eq!(open(&ring, &empty, |e| (e.needs, e.tenant) = (&[], "other")), Err(Refused::Account));
    assert_eq!(open(&ring, &seal(&ring, &[(credential(), 1)]), |e| e.needs = &[]), Err(Refused::Contents));
}

#[test]
fn a_ticket_with_a_flipped_bit_anywhere_is_refused() {
    let ring = Keyring::single(Key::random());
    let ticket = seal(&ring, &[(credential(), 1)]);
    for bit in 0..ticket.len() * 8 {
        let mut changed = ticket.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&ring, &changed, |_| {}).is_err(), "bit {bit} of {}", ticket.len() * 8);
    }
}

#[test]
fn a_rotation_adds_at_the_receiver_then_at_the_issuer_then_drops_the_old_key() {
    let (old, new) = (Key::random(), Key::random());
    let text = |keys: &[&Key]| keys.iter().map(|k| k.to_base64().to_string()).collect::<Vec<_>>().join("\n");
    let receiver = Keyring::parse(&text(&[&old, &new])).unwrap();
    for issuer in [Keyring::parse(&text(&[&old])).unwrap(), Keyring::parse(&text(&[&new, &old])).unwrap()] {
        assert_eq!(open(&receiver, &seal(&issuer, &[(credential(), 1)]), |_| {}), Ok(()));
    }
    let last = Keyring::parse(&text(&[&new])).unwrap();
    assert_eq!(open(&last, &seal(&receiver, &[(credential(), 1)]), |_| {}), Err(Refused::Unreadable));
}

#[test]
fn nothing_that_holds_a_secret_shows_it() {
    let ring = Keyring::single(Key::random());
    let ticket = seal(&ring, &[(credential(), 1)]);
    let shown = format!("{:?} {ring:?} {:?}", credential(), Secret::new("canary-token-0001".into()));
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!String::from_utf8_lossy(&ticket).contains("canary"));
}

proptest! {
    #[test]
    fn bytes_from_outside_never_open_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let ring = Keyring::single(Key::random());
        let opened = open(&ring, &bytes, |_| ());
        prop_assert!(opened.is_err());
        for format in [b"GT1", b"GT2"] {
            let prefixed = [format.as_slice(), &bytes].concat();
            let opened = open(&ring, &prefixed, |_| ());
            prop_assert!(opened.is_err());
        }
    }

    #[test]
    fn a_ticket_opens_for_exactly_what_it_says(
        sealed in (0..3_i32, 0..4_i32, 1..4_i32), opened in (0..3_i32, 0..4_i32, 1..4_i32),
    ) {
        let rights = |(scope, effect, exposure): (i32, i32, i32)| Rights {
            scope: Scope::try_from(scope).unwrap(),
            effect: Effect::try_from(effect).unwrap(),
            exposure: Exposure::try_from(exposure).unwrap(),
        };
        let ring = Keyring::single(Key::random());
        let ticket = seal_as(&ring, Format::Two, rights(sealed), &[(credential(), 1)]);
        let result = open(&ring, &ticket, |e| e.rights = rights(opened));
        prop_assert_eq!(result.is_ok(), sealed == opened);
    }
}
