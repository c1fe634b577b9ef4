//! Percent-escapes of an address, taken apart once, and what must not come of them.
use std::borrow::Cow;

use granary_rpc::unseen;
use percent_encoding::percent_decode_str;

/// Why a text is not taken, where more can be told than what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A character that cannot be seen, by its name.
    Unseen(String),
    /// A percent sign that begins no escape, or escapes that are no UTF-8.
    Escape,
    /// Escapes of escapes.
    Twice,
    /// Something else.
    Other,
}

impl Fault {
    /// The fault in words; `wanted` says what would be right.
    pub fn told(self, wanted: &str) -> String {
        match self {
            Self::Unseen(name) => format!("holds {name}, which cannot be seen: leave it out"),
            Self::Escape => "holds a percent sign that begins no escape of UTF-8".to_owned(),
            Self::Twice => "is percent-encoded twice: write the letters themselves".to_owned(),
            Self::Other => wanted.to_owned(),
        }
    }
}

/// Refuses a text that holds a character which cannot be seen.
pub(crate) fn visible(text: &str) -> Result<(), Fault> {
    unseen::first(text).map_or(Ok(()), |name| Err(Fault::Unseen(name)))
}

/// A slug with its escapes taken apart. What comes out holds no percent sign, so that a second time changes nothing.
pub(crate) fn decoded(slug: &str) -> Result<Cow<'_, str>, Fault> {
    let text = decoded_segment(slug)?;
    if text.contains('%') { Err(Fault::Other) } else { Ok(text) }
}

/// One segment of a path with its escapes taken apart. What comes out may hold a percent sign, as the title of a job does that is
/// "80-100%": [`written`] makes the escape of it again.
pub(crate) fn decoded_segment(segment: &str) -> Result<Cow<'_, str>, Fault> {
    if !segment.contains('%') {
        visible(segment)?;
        return Ok(Cow::Borrowed(segment));
    }
    if escapes(segment) != segment.bytes().filter(|b| *b == b'%').count() {
        return Err(Fault::Escape);
    }
    let text = percent_decode_str(segment).decode_utf8().map_err(|_| Fault::Escape)?;
    if escapes(&text) > 0 {
        return Err(Fault::Twice);
    }
    visible(&text)?;
    Ok(text)
}

/// How many escapes a text has.
fn escapes(text: &str) -> usize {
    let is_escape = |w: &&[u8]| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit();
    text.as_bytes().windows(3).filter(is_escape).count()
}

/// What would end a segment of an address, or be taken for an escape, and may stand in one that is escaped.
pub(crate) const MARKS: [char; 8] = ['%', '#', '?', '"', '<', '>', '[', ']'];

/// A segment as it stands in an address, with such marks escaped. Letters stay as they are.
pub(crate) fn written(segment: &str) -> String {
    segment.chars().fold(String::with_capacity(segment.len()), |mut text, c| {
        if MARKS.contains(&c) {
            text.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            text.push(c);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_apart_once() {
        assert_eq!(decoded("j%C3%BCrgen-x"), Ok(Cow::Borrowed("jürgen-x")));
        assert_eq!(decoded("jürgen-x"), Ok(Cow::Borrowed("jürgen-x")));
        assert_eq!(decoded("j%25C3%25BCrgen-x"), Err(Fault::Twice));
        assert_eq!(decoded_segment("80-100%25-at-acme"), Ok(Cow::Borrowed("80-100%-at-acme")));
        assert_eq!(written("80-100%-c#-jürgen"), "80-100%25-c%23-jürgen");
        for bad in ["100%", "a%2", "a%zz", "%FF", "%C3", "j%C3rgen"] {
            assert_eq!(decoded(bad), Err(Fault::Escape), "{bad}");
        }
        for hidden in ["ann%E2%80%8B", "ann\u{200b}"] {
            assert_eq!(decoded(hidden), Err(Fault::Unseen("U+200B".into())), "{hidden}");
        }
    }
}
