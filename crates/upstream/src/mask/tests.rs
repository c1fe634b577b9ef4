use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn masked(secret: &str, text: impl Into<Vec<u8>>) -> (Vec<u8>, usize) {
    let secret = Secret::new(secret.to_owned());
    let (text, count) = Masker::new(&[&secret]).mask(text.into().into());
    (text.to_vec(), count)
}

fn masked_text(secret: &str, text: &str) -> String {
    String::from_utf8(masked(secret, text).0).unwrap()
}

/// Escapes the characters whose turn it is.
fn json_escaped(text: &str, turns: &[u8]) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        match turns[at % turns.len()] % 3 {
            0 => c.encode_utf16(&mut [0; 2]).iter().for_each(|u| out.push_str(&format!("\\u{u:04x}"))),
            1 => c.encode_utf16(&mut [0; 2]).iter().for_each(|u| out.push_str(&format!("\\u{u:04X}"))),
            _ if matches!(c, '"' | '\\' | '/') => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

fn url_encoded(text: &str, turns: &[u8], plus: bool) -> String {
    let mut out = String::new();
    for (at, byte) in text.bytes().enumerate() {
        match (byte, turns[at % turns.len()] % 3) {
            (b' ', _) if plus => out.push('+'),
            (_, 0) => out.push_str(&format!("%{byte:02x}")),
            (_, 1) => out.push_str(&format!("%{byte:02X}")),
            (byte, _) if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            (byte, _) => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Text between which an encoded secret stands: no quotes and no beginnings of escapes, as those would belong to it.
const BESIDE: &str = "[a-zA-Z0-9 :,{}äß€_.-]{0,40}";
/// What fits into a header, which all credentials do.
const SECRET: &str = "[!-~][ -~]{4,60}[!-~]";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plain_form_is_found_anywhere_in_arbitrary_bytes(
        secret in SECRET,
        before in proptest::collection::vec(any::<u8>(), 0..80),
        after in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let text = [before.as_slice(), secret.as_bytes(), &after].concat();
        let (out, count) = masked(&secret, text);
        prop_assert!(count > 0);
        prop_assert!(!contains(&out, secret.as_bytes()));
        prop_assert!(contains(&out, MASK.as_bytes()));
    }

    #[test]
    fn every_escaped_form_is_found(
        secret in SECRET,
        before in BESIDE,
        after in BESIDE,
        turns in proptest::collection::vec(any::<u8>(), 1..9),
        plus: bool,
    ) {
        let once = [json_escaped(&secret, &turns), url_encoded(&secret, &turns, plus)];
        let twice = [
            json_escaped(&once[0], &turns),
            json_escaped(&once[1], &turns),
            url_encoded(&once[0], &turns, plus),
            url_encoded(&once[1], &turns, plus),
        ];
        for form in once.iter().chain(&twice) {
            // The blank keeps what follows from completing an escape that the secret's last character begins: in
            // "%" before "25", the digits would belong to the secret's own encoding.
            let out = masked_text(&secret, &format!("x{before}{form} {after}"));
            prop_assert_eq!(out, format!("x{before}{MASK} {after}"), "{}", form);
        }
    }

    #[test]
    fn base64_is_found_at_every_alignment(
        secret in SECRET,
        before in proptest::collection::vec(any::<u8>(), 0..20),
        after in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let inner = [before.as_slice(), secret.as_bytes(), &after].concat();
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&inner);
            let text = format!("{{\"blob\":\"{encoded}\"}}");
            let out = masked_text(&secret, &text);
            prop_assert!(out.contains(MASK), "{} in {}", secret, text);
            prop_assert!(serde_json::from_str::<Value>(&out).is_ok());
            let escaped = format!("{{\"blob\":\"{}\"}}", encoded.replace('/', "\\/"));
            prop_assert!(masked_text(&secret, &escaped).contains(MASK));
            let in_url = format!("https://x.test/?b={}", url_encoded(&encoded, &[2], false));
            prop_assert!(masked_text(&secret, &in_url).contains(MASK));
        }
    }

    #[test]
    fn what_holds_no_secret_stays_byte_for_byte(
        secret in "[g-zG-Z]{6,40}",
        text in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        // Random bytes do not hold six given letters, in any form; ASCII escapes are mixed in to exercise the views.
        let text = [text.as_slice(), br#"%41\u0042%zz\"%4"#, &text].concat();
        let (out, count) = masked(&secret, text.clone());
        prop_assert_eq!(count, 0);
        prop_assert_eq!(out, text);
    }

    #[test]
    fn json_stays_json_and_its_other_values_stay(
        secret in SECRET,
        key in "[a-z]{1,5}",
        other in "\\PC{0,20}",
        number in any::<u32>(),
        slashes: bool,
    ) {
        prop_assume!(!other.contains(&secret) && !secret.contains(MASK));
        let document = serde_json::json!({
            "first": [other, number, true, null],
            (format!("k{key}")): format!("{other}\n{secret}\\"),
            "nested": {"again": secret, "last": other},
        });
        let text = document.to_string();
        let text = if slashes { text.replace('/', "\\/") } else { text };
        let out = masked_text(&secret, &text);
        let parsed: Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(&parsed["nested"]["again"], MASK);
        prop_assert!(!out.contains(&secret) || MASK.contains(&secret), "{}", out);
    }

    #[test]
    fn a_secret_that_is_a_number_becomes_a_string(secret in "[1-9][0-9]{5,18}", before: u8, after: u8) {
        let text = format!("{{\"a\":{before}{secret}{after},\"b\":[{secret}, {secret}],\"c\":\"{secret}\"}}");
        let out: Value = serde_json::from_str(&masked_text(&secret, &text)).unwrap();
        prop_assert_eq!(out, serde_json::json!({"a": MASK, "b": [MASK, MASK], "c": MASK}));
    }
}

#[test]
fn short_secrets_are_masked_as_whole_words_only() {
    assert_eq!(
        masked_text("ada", r#"{"a":"ada","b":"canada","c":"x ada."}"#),
        r#"{"a":"[redacted]","b":"canada","c":"x [redacted]."}"#
    );
    assert_eq!(masked_text("ada", "q=%61da"), "q=[redacted]");
    assert_eq!(masked("", "anything"), (b"anything".to_vec(), 0));
}

#[test]
fn secrets_that_share_a_beginning_or_overlap_are_all_masked() {
    let secrets =
        ["shared-prefix-one", "shared-prefix-two", "one-tail-three"].map(|s| Secret::new(s.to_owned()));
    let masker = Masker::new(&secrets.iter().collect::<Vec<_>>());
    let text = Bytes::from_static(b"shared-prefix-two shared-prefix-one-tail-three shared-prefix-on");
    let (out, count) = masker.mask(text);
    // The last one was cut, and can still be known.
    assert_eq!((out.as_ref(), count), (b"[redacted] [redacted] [redacted]".as_slice(), 3));
}

#[test]
fn a_secret_with_a_quote_may_follow_a_number_that_is_masked_as_a_whole() {
    let secret = "ab\"cdefgh";
    let text = format!("[{}{secret}]", STANDARD.encode(secret));
    assert_eq!(masked_text(secret, &text), format!("[\"{MASK}\"]"));
}

#[test]
fn a_false_start_hides_no_secret() {
    assert_eq!(masked_text("abcabcabcabcZZZ", "abcabcabcabcabcZZZ"), "abc[redacted]");
}

#[test]
fn half_an_escape_and_escaped_quotes_do_not_spoil_json() {
    assert_eq!(masked_text("nabcdef", r#"{"a":"x\nabcdef"}"#), r#"{"a":"x[redacted]"}"#);
    assert_eq!(masked_text("123456", r#"{"a":"\"","b":123456}"#), r#"{"a":"\"","b":"[redacted]"}"#);
    assert_eq!(masked_text("123456", r#"{"a":"\\","b":"123456"}"#), r#"{"a":"\\","b":"[redacted]"}"#);
}

#[test]
fn characters_of_every_plane_are_found_escaped() {
    let secret = "pä€😀word";
    for text in [r"p\u00e4\u20AC\uD83d\uDe00word", "p%C3%a4%e2%82%AC%F0%9F%98%80word", r"p\u00e4€😀w\u006frd"]
    {
        assert_eq!(masked_text(secret, text), MASK);
    }
    // Half a pair is no character, and stays as it is.
    assert_eq!(masked_text(secret, r"\ud83d\u0041 \ud83d"), r"\ud83d\u0041 \ud83d");
}

#[test]
fn the_password_of_a_proxy_is_a_secret_of_its_own() {
    let proxy = "http://user:p%40ssword1@proxy.test:8080";
    for text in ["the password p@ssword1 is wrong", "user:p%40ssword1"] {
        let out = masked_text(proxy, text);
        assert!(!out.contains("ssword1") && out.contains(MASK), "{out}");
    }
    assert_eq!(masked_text(proxy, "proxy.test:8080 refused user"), "proxy.test:8080 refused user");
}

#[test]
fn nothing_to_mask_costs_no_copy_and_shows_nothing() {
    let secret = Secret::new("canary-1234".to_owned());
    let masker = Masker::new(&[&secret]);
    let text = Bytes::from_static(b"a body");
    assert_eq!(masker.mask(text.clone()).0.as_ptr(), text.as_ptr());
    assert!(!format!("{masker:?}").contains("canary"));
}

#[test]
fn a_secret_that_was_cut_is_masked_to_the_end_of_its_word() {
    let secret = "pat-1234567.abcdefghijklmnopqrst";
    for (text, expected) in [
        ("token pat-1234567.abcd is wrong", "token [redacted] is wrong"),
        ("token pat-1234567.abcdXYZ is wrong", "token [redacted] is wrong"),
        ("token pat-1234567.abc is wrong", "token pat-1234567.abc is wrong"),
        ("…efghijklmnopqrst,", "…[redacted],"),
        ("xxefghijklmnopqrst,", "[redacted],"),
        ("fghijklmnopqrst,", "fghijklmnopqrst,"),
        (r#"{"t":"pat-1234567.abcdefghijklmnopqrs"}"#, r#"{"t":"[redacted]"}"#),
        ("q=pat%2D1234567.abcdefgh&x=1", "q=[redacted]&x=1"),
    ] {
        assert_eq!(masked_text(secret, text), expected, "{text}");
    }
    let proxy = "http://user:p%40ssword1@gateway.proxies.example.test:8080";
    let told = "gateway.proxies.example.test:8080 refused";
    assert_eq!(masked_text(proxy, told), told, "its host is no secret");
}

#[test]
fn entities_of_html_hide_nothing() {
    let secret = r#"a&b<c>"d'e=f"#;
    for form in [
        "a&amp;b&lt;c&gt;&quot;d&#39;e=f",
        "a&#38;b&#x3c;c&#x3E;&#34;d&apos;e=f",
        "&#97;&amp;b&lt;c>&quot;d'e=f",
    ] {
        assert_eq!(masked_text(secret, &format!("<p>{form}</p>")), format!("<p>{MASK}</p>"), "{form}");
        let inside = serde_json::json!({"page": form}).to_string();
        assert!(masked_text(secret, &inside).contains(MASK), "{inside}");
    }
    for no_entity in ["a & b; &nope; &#xzz; &#1114112; &;", "&"] {
        assert_eq!(masked_text(secret, no_entity), no_entity);
    }
}

/// Work is counted, not timed: a text that is like the secret everywhere is given up on, and masked as a whole.
#[test]
fn a_text_that_looks_like_the_secret_everywhere_costs_little() {
    let secret = "a".repeat(2_000);
    let text = Bytes::from(("a".repeat(1_999) + "b").repeat(1_000));
    let masker = Masker::new(&[&Secret::new(secret)]);
    assert_eq!(masker.mask(text), (Bytes::from_static(b"\"[redacted]\""), 1));
}

/// What a call pays for the guard, printed by `--nocapture`; the bound leaves room for a busy machine.
#[test]
fn sixty_kilobytes_without_a_match_are_cheap() {
    let secrets =
        ["A".repeat(20) + &"q7Zx".repeat(60), "pat-1234567.abcdefghijklmnop".to_owned()].map(Secret::new);
    let secrets: Vec<&Secret> = secrets.iter().collect();
    let item =
        r#"{"id":1234567,"name":"Ada Lovelace","notes":"looked at the analytical engine","hours":1.5},"#;
    let plain = Bytes::from(item.repeat(60_000 / item.len()));
    let escaped = Bytes::from(plain.iter().enumerate().fold(Vec::new(), |mut all, (at, byte)| {
        match at % 100 {
            0 => all.extend_from_slice(b"\\n"),
            50 => all.extend_from_slice(b"%20"),
            _ => all.push(*byte),
        }
        all
    }));
    let built = best(|| drop(Masker::new(&secrets)));
    let masker = Masker::new(&secrets);
    let [plain, escaped] = [plain, escaped].map(|text| best(|| assert_eq!(masker.mask(text.clone()).1, 0)));
    println!("build {built:?}, 60 kB plain {plain:?}, 60 kB with escapes {escaped:?}");
    assert!(plain.as_micros() < 1_000, "{plain:?}");
    assert!(escaped.as_micros() < 5_000, "{escaped:?}");
}

fn best(run: impl Fn()) -> std::time::Duration {
    let time = || {
        let begin = std::time::Instant::now();
        run();
        begin.elapsed()
    };
    (0..200).map(|_| time()).min().unwrap()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|w| w == part)
}
