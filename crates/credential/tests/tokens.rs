//! Principal tokens and sealed boxes open for their maker only.
use granary_credential::{Key, principal, sealed};
use granary_proto::granary::internal::v1::Principal;
use granary_proto::granary::vault::v1::SealedCredential;

#[test]
fn a_principal_token_holds_until_it_expires_and_never_with_a_flipped_bit() {
    let key = Key::random();
    let expire_time = Some("2030-01-01T00:00:00Z".parse().unwrap());
    let expires = 1_893_456_000;
    let made = Principal { tenant: "acme".into(), key_id: "k".into(), expire_time, ..Principal::default() };
    let token = principal::mint(&key, &made);
    assert_eq!(principal::read(&key, &token, expires - 1), Some(made));
    assert_eq!(principal::read(&key, &token, expires), None);
    assert_eq!(principal::read(&key, &token, expires - 66), None, "no token lives that long");
    assert!(principal::read(&key, &token, expires - 65).is_some(), "the other replica's clock may be ahead");
    assert_eq!(principal::read(&Key::random(), &token, 0), None);
    for bit in 0..token.len() * 8 {
        let mut changed = token.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(principal::read(&key, &changed, 0), None, "bit {bit}");
    }
    assert_eq!(principal::read(&key, &[], 0), None);
}

#[test]
fn a_sealed_box_opens_with_its_key_only() {
    let key = sealed::SealingKey::new(&Key::random());
    let credential = SealedCredential { identifier: "u".into(), ..Default::default() };
    let made = sealed::seal(&key.public_key(), &credential).unwrap();
    assert_eq!(key.open(&made), Some(credential.clone()));
    assert_eq!(sealed::SealingKey::new(&Key::random()).open(&made), None);
    let mut changed = made.clone();
    changed[40] ^= 1;
    assert_eq!(key.open(&changed), None);
    assert_ne!(made, sealed::seal(&key.public_key(), &credential).unwrap());
    assert!(sealed::seal(&[0; 31], &credential).is_none());
}
