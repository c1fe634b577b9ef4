//! What is read of a body that is nearly JSON: a mark at its beginning is passed over, and one bad character costs that character.
use std::borrow::Cow;

use bytes::Bytes;

/// The byte order mark of UTF-8, which some put before JSON.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// What stands in the place of a character that is none, as JSON writes it.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// A body without a byte order mark, in UTF-8, and without halves of surrogate pairs, bare control characters and numbers that are
/// none. Only what is bad is changed.
pub(crate) fn mended(body: Bytes) -> Bytes {
    let body = if body.starts_with(MARK) { body.slice(MARK.len()..) } else { body };
    let body = match String::from_utf8_lossy(&body) {
        Cow::Borrowed(_) => body,
        Cow::Owned(text) => Bytes::from(text),
    };
    let body = whole_pairs(&body).map_or(body, Bytes::from);
    plain_signs(&body).map_or(body, Bytes::from)
}

/// What programs write for a number that is none. JSON has no word for it but null.
const NO_NUMBERS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// The text with escapes for the control characters that stand in its strings as they are, and null for what is no number;
/// nothing where there is neither, and where it does not begin as JSON does.
fn plain_signs(body: &[u8]) -> Option<Vec<u8>> {
    let is_json = matches!(body.trim_ascii_start(), [b'{' | b'[', ..]);
    let is_odd = || body.iter().any(|byte| *byte < 0x20) || has(body, b"NaN") || has(body, b"Infinity");
    if !is_json || !is_odd() {
        return None;
    }
    let mut edited = Edited::new(body);
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = body.get(at) {
        let (length, instead) = match byte {
            b'\\' if in_string => (2, None),
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            0..0x20 if in_string => (1, Some(format!("\\u{byte:04x}"))),
            b'-' | b'I' | b'N' if !in_string => {
                let rest = body.get(at..).unwrap_or_default();
                match NO_NUMBERS.into_iter().find(|word| rest.starts_with(word)) {
                    Some(word) => (word.len(), Some("null".to_owned())),
                    None => (1, None),
                }
            }
            _ => (1, None),
        };
        if let Some(instead) = instead {
            edited.replace(at, length, instead.as_bytes());
        }
        at += length;
    }
    edited.finish()
}

fn has(body: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(body, word).is_some()
}

/// The text with a replacement for each escaped half of a pair; nothing where there is none.
fn whole_pairs(body: &[u8]) -> Option<Vec<u8>> {
    let mut edited = Edited::new(body);
    let mut at = 0;
    while let Some(found) = body.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        let half = unit(body, at).filter(|unit| (0xd800..0xe000).contains(unit));
        let Some(half) = half else {
            // Also an escaped backslash, behind which a `u` is an ordinary letter.
            at += 2;
            continue;
        };
        let is_pair =
            half < 0xdc00 && unit(body, at + 6).is_some_and(|unit| (0xdc00..0xe000).contains(&unit));
        if is_pair {
            at += 12;
            continue;
        }
        edited.replace(at, 6, REPLACEMENT);
        at += 6;
    }
    edited.finish()
}

/// A body of which parts are replaced, from its beginning to its end; nothing is copied where none is.
struct Edited<'a> {
    body: &'a [u8],
    text: Option<Vec<u8>>,
    /// How much of the body is in the text, or replaced in it.
    kept: usize,
}

impl<'a> Edited<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self { body, text: None, kept: 0 }
    }

    fn replace(&mut self, at: usize, length: usize, instead: &[u8]) {
        let text = self.text.get_or_insert_with(|| Vec::with_capacity(self.body.len()));
        text.extend_from_slice(self.body.get(self.kept..at).unwrap_or_default());
        text.extend_from_slice(instead);
        self.kept = at + length;
    }

    /// The edited text; nothing where nothing was replaced.
    fn finish(self) -> Option<Vec<u8>> {
        let mut text = self.text?;
        text.extend_from_slice(self.body.get(self.kept..).unwrap_or_default());
        Some(text)
    }
}

/// The UTF-16 unit that is escaped at this place, by a backslash, a `u` and four digits.
pub(crate) fn unit(text: &[u8], at: usize) -> Option<u32> {
    match text.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] => digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + hex(*digit)?)),
        _ => None,
    }
}

/// The value of a hexadecimal digit.
pub(crate) fn hex(digit: u8) -> Option<u32> {
    char::from(digit).to_digit(16)
}

/// The number at the top of an object whose text as a whole is no JSON: what was charged is told, whatever else is broken.
pub(crate) fn top_number<'a>(body: &'a [u8], key: &str) -> Option<&'a str> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = body.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                let (text, end) = string(body, at)?;
                at = end;
                if depth == 1 && text == key.as_bytes() {
                    let rest = body.get(end..)?.trim_ascii_start();
                    if let Some(value) = rest.strip_prefix(b":") {
                        return number(value.trim_ascii_start());
                    }
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// What is between the quotes at this place, and where it ends behind them.
fn string(body: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let mut end = at + 1;
    loop {
        match body.get(end)? {
            b'\\' => end += 2,
            b'"' => return Some((body.get(at + 1..end)?, end + 1)),
            _ => end += 1,
        }
    }
}

/// A number, also one that is written as a text.
fn number(value: &[u8]) -> Option<&str> {
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let length =
        value.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let text = std::str::from_utf8(value.get(..length.count())?).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mend(text: &[u8]) -> String {
        String::from_utf8(mended(Bytes::copy_from_slice(text)).to_vec()).unwrap()
    }

    #[test]
    fn half_of_a_pair_costs_one_character() {
        for (sent, read) in [
            (r#"{"a":"x \ud83d"}"#, r#"{"a":"x \ufffd"}"#),
            (r#"{"a":"\ud83d\ude00 \ude00 \uD83D\n"}"#, r#"{"a":"\ud83d\ude00 \ufffd \ufffd\n"}"#),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, r#"{"a":"\ufffd\ud83d\ude00"}"#),
            (r#"{"a":"\\ud83d"}"#, r#"{"a":"\\ud83d"}"#),
            (r#"{"a":"\ud83"}"#, r#"{"a":"\ud83"}"#),
            (r#"{"a":"\ud83d"#, r#"{"a":"\ufffd"#),
        ] {
            assert_eq!(mend(sent.as_bytes()), read);
        }
    }

    #[test]
    fn a_bare_control_character_and_a_number_that_is_none_cost_themselves() {
        for (sent, read) in [
            ("{\"a\":\"x\ty\nz\\\"\u{1}\"}", r#"{"a":"x\u0009y\u000az\"\u0001"}"#),
            ("{\n\t\"a\": 1\n}", "{\n\t\"a\": 1\n}"),
            (r#"{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}"#, r#"{"a":null,"b":[null,null],"c":"NaN"}"#),
            (r#"{"a":-1}"#, r#"{"a":-1}"#),
            ("<p>NaN\t</p>", "<p>NaN\t</p>"),
        ] {
            assert_eq!(mend(sent.as_bytes()), read);
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_bytes_that_are_no_text_are_replaced() {
        assert_eq!(mend(b"\xef\xbb\xbf{\"a\":1}"), "{\"a\":1}");
        assert_eq!(mend(b"{\"a\":\"\xff\"}"), "{\"a\":\"\u{fffd}\"}");
    }

    #[test]
    fn a_number_at_the_top_is_read_out_of_what_is_no_json() {
        let cost = |text: &str| top_number(text.as_bytes(), "cost").map(str::to_owned);
        assert_eq!(
            cost(r#"{"element":{"cost":7,"a":NaN},"status":200,"cost" : 0.0064}"#),
            Some("0.0064".to_owned())
        );
        assert_eq!(cost(r#"{"a":"\"cost\":1","cost":"0.004","#), Some("0.004".to_owned()));
        for none in [
            r#"{"a":{"cost":1}}"#,
            r#"{"cost":null}"#,
            r#""cost":1"#,
            r#"{"a":"cost"}"#,
            "<html>",
            "{\"cost",
            "}",
        ] {
            assert_eq!(cost(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn whatever_came_is_text_and_json_stays_as_it_is(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "(\\\\u[dD][89a-fA-F][0-9a-f]{2}|\\\\\\\\|\\\\n|x|\"){0,12}") {
            mend(&bytes);
            top_number(&bytes, "cost");
            let json = format!("[\"{}\"]", text.replace('"', "\\\""));
            let mended = mend(json.as_bytes());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&mended).is_ok(), "{json} became {mended}");
            if serde_json::from_str::<serde_json::Value>(&json).is_ok() {
                prop_assert_eq!(mended, json);
            }
        }
    }
}
