//! Secrets that are easy to find: one for each tenant and kind, looked for in every form in which they might leak.
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A secret that stands for one tenant and kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Canary(pub String);

impl Canary {
    /// A canary whose name can be seen in it. It holds characters that every encoding changes.
    pub fn new(name: &str) -> Self {
        let salt: u64 = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(format!("canary/{name}+{salt:016x}"))
    }

    /// Every form in which it might leak: plain, URL-encoded, and base64 at each of the three alignments.
    pub fn forms(&self) -> Vec<String> {
        let mut forms = vec![self.0.clone(), utf8_percent_encode(&self.0, NON_ALPHANUMERIC).to_string()];
        for shift in 0..3 {
            let bytes = [vec![0; shift], self.0.clone().into_bytes()].concat();
            for text in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
                // The characters at both ends also depend on what stands beside the secret.
                forms.push(text[(shift * 8).div_ceil(6)..text.len() - 2].to_owned());
            }
        }
        forms.sort();
        forms.dedup();
        forms
    }

    /// The forms of it that stand in some bytes.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        self.forms().into_iter().filter(|form| contains(bytes, form.as_bytes())).collect()
    }
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    let Some(&first) = form.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| *b == first) {
        rest = &rest[at..];
        if rest.starts_with(form) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_each_form_and_at_each_place() {
        let canary = Canary::new("t1-harvest");
        for before in ["", "a", "ab"] {
            let text = format!("{before}{}tail", canary.0);
            for encoded in
                [text.clone(), BASE64_STANDARD_NO_PAD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text)]
            {
                assert!(!canary.found_in(encoded.as_bytes()).is_empty(), "{encoded}");
            }
        }
        assert!(canary.found_in(Canary::new("t2-harvest").0.as_bytes()).is_empty());
    }
}
