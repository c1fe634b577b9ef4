//! The concrete byte strings by which a secret shows itself.
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use granary_credential::Secret;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use zeroize::Zeroizing;

/// Shorter secrets count as whole words only.
const SHORTEST_INSIDE_WORDS: usize = 6;
/// So much of a secret's beginning or end is enough to know it by, where the rest was cut off.
const CUT: usize = 16;

/// One byte string to find.
pub(super) struct Needle {
    pub(super) text: Zeroizing<Vec<u8>>,
    form: Form,
    /// What was cut, where the form is a cut one.
    whole: Zeroizing<Vec<u8>>,
}

/// Where a needle stands.
pub(super) enum Hit {
    /// All of a secret, in one of its forms.
    Whole(Range<usize>),
    /// What is known of one that was cut, and the word in which that stands.
    Cut { known: Range<usize>, word: Range<usize> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// Only where no word goes on at either side.
    Word,
    /// The beginning of a secret whose end was cut off.
    Head,
    /// The end of one whose beginning was.
    Tail,
    /// The base64 characters that the secret alone decides. Three bytes are four characters, so a secret begins at the first, second or
    /// third byte of a group, and each of these three texts is looked for; characters at its ends hold bits of its neighbours too.
    Base64 {
        before: bool,
        after: bool,
    },
}

/// The needles of all secrets, each once.
pub(super) fn of(secrets: &[&Secret]) -> Vec<Needle> {
    let mut needles: Vec<Needle> = Vec::new();
    let mut add = |needle: Needle| {
        let is_same = |n: &Needle| n.form == needle.form && n.text == needle.text && n.whole == needle.whole;
        let known = needles.iter().any(is_same);
        if !needle.text.is_empty() && !known {
            needles.push(needle);
        }
    };
    for secret in secrets {
        let parts = std::iter::once(Zeroizing::new(secret.expose().to_owned()));
        for text in parts.chain(passwords(secret.expose())) {
            // Hosts of proxies are no secrets, and stand at the end of their addresses.
            let is_url = text.contains("://");
            let text = text.as_bytes();
            if text.len() < SHORTEST_INSIDE_WORDS {
                add(Needle::new(text, Form::Word));
                continue;
            }
            add(Needle::new(text, Form::Plain));
            if text.len() > CUT && !is_url {
                add(Needle { whole: Zeroizing::new(text.to_vec()), ..Needle::new(&text[..CUT], Form::Head) });
                add(Needle {
                    whole: Zeroizing::new(text.to_vec()),
                    ..Needle::new(&text[text.len() - CUT..], Form::Tail)
                });
            }
            (0..3).flat_map(|offset| base64(text, offset)).for_each(&mut add);
        }
    }
    needles
}

impl Needle {
    fn new(text: &[u8], form: Form) -> Self {
        Self { text: Zeroizing::new(text.to_vec()), form, whole: Zeroizing::default() }
    }

    /// Bytes that are compared where it may stand.
    pub(super) fn cost(&self) -> usize {
        self.text.len().max(self.whole.len())
    }

    /// What to mask, where the needle stands at a place.
    pub(super) fn at(&self, text: &[u8], start: usize) -> Option<Hit> {
        let end = start.checked_add(self.text.len())?;
        if text.get(start..end)? != self.text.as_slice() {
            return None;
        }
        let before = start.checked_sub(1).and_then(|at| text.get(at));
        let after = text.get(end);
        match self.form {
            Form::Plain => Some(Hit::Whole(start..end)),
            Form::Word => {
                let is_inside = before.is_some_and(is_word) || after.is_some_and(is_word);
                (!is_inside).then_some(Hit::Whole(start..end))
            }
            Form::Head => {
                let same = text[start..].iter().zip(self.whole.iter()).take_while(|(a, b)| a == b).count();
                let rest = text[start + same..].iter().take_while(|byte| is_token(byte)).count();
                let known = start..start + same;
                (same < self.whole.len()).then_some(Hit::Cut { word: start..known.end + rest, known })
            }
            Form::Tail => {
                let pairs = text[..end].iter().rev().zip(self.whole.iter().rev());
                let same = pairs.take_while(|(a, b)| a == b).count();
                let rest = text[..end - same].iter().rev().take_while(|byte| is_token(byte)).count();
                let known = end - same..end;
                (same < self.whole.len()).then_some(Hit::Cut { word: known.start - rest..end, known })
            }
            Form::Base64 { before: left, after: right } => {
                let start = start - usize::from(left && before.is_some_and(is_base64));
                Some(Hit::Whole(start..end + usize::from(right && after.is_some_and(is_base64))))
            }
        }
    }
}

/// What a secret decides of base64 in which it stands after `offset` bytes of a group of three, in both alphabets.
fn base64(secret: &[u8], offset: usize) -> Vec<Needle> {
    let mut padded = Zeroizing::new(vec![0; offset]);
    padded.extend_from_slice(secret);
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(padded.as_slice()));
    let bits = 8 * padded.len();
    let whole = (8 * offset).div_ceil(6)..bits / 6;
    let form = Form::Base64 { before: offset != 0, after: !bits.is_multiple_of(6) };
    let standard = Zeroizing::new(encoded.as_bytes()[whole].to_vec());
    let url_safe = standard.iter().map(|b| match b {
        b'+' => b'-',
        b'/' => b'_',
        b => *b,
    });
    let url_safe: Zeroizing<Vec<u8>> = Zeroizing::new(url_safe.collect());
    vec![Needle::new(&standard, form), Needle::new(&url_safe, form)]
}

/// The password of a secret that is a URL, as of a proxy: it is as secret as the whole, and may come back alone.
fn passwords(secret: &str) -> Vec<Zeroizing<String>> {
    if !secret.contains("://") {
        return Vec::new();
    }
    let Some(password) = Url::parse(secret).ok().and_then(|url| url.password().map(str::to_owned)) else {
        return Vec::new();
    };
    let password = Zeroizing::new(password);
    let decoded = percent_decode_str(&password).decode_utf8().map(|text| Zeroizing::new(text.into_owned()));
    decoded.ok().into_iter().chain([password]).collect()
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii()
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// What goes on with a token that was cut, to where its word ends.
fn is_token(byte: &u8) -> bool {
    is_base64(byte) || matches!(byte, b'.' | b'=' | b'~' | b':')
}
