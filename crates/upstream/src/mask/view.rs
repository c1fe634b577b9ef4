//! A text with one layer of escaping undone, and the way back to where each byte came from.
use std::ops::Range;

use crate::text::{hex, unit};

/// A layer of escaping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Backslash escapes of JSON strings.
    Json,
    /// `%XX`.
    Percent,
    /// `%XX`, and `+` for a space.
    Form,
    /// Entities of HTML, in which the pages of an edge or a proxy show what they were sent.
    Html,
}

/// A decoded text.
pub(super) struct View {
    pub(super) text: Vec<u8>,
    /// Where stretches begin, in the view and in the source; each is either copied bytes or one escape.
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy)]
struct Stretch {
    view: usize,
    source: usize,
    copied: bool,
}

impl View {
    /// The decoded text; nothing where there is nothing to decode. What is no valid escape stays as it is.
    pub(super) fn of(source: &[u8], layer: Layer) -> Option<Self> {
        let (mark, other) = layer.marks();
        find(source, mark, other)?;
        let mut view = Self { text: Vec::with_capacity(source.len()), stretches: Vec::new() };
        let mut copied_from = 0;
        let mut at = 0;
        let mut buffer = [0; 4];
        while let Some(skipped) = find(&source[at..], mark, other) {
            at += skipped;
            match layer.decode(&source[at..], &mut buffer) {
                Some((decoded, length)) => {
                    view.copy(source, copied_from..at);
                    view.push(at, false);
                    view.text.extend_from_slice(decoded);
                    at += length;
                    copied_from = at;
                }
                None => at += 1,
            }
        }
        if view.stretches.is_empty() {
            return None;
        }
        view.copy(source, copied_from..source.len());
        view.push(source.len(), true);
        Some(view)
    }

    /// Where a range of the view came from, with whole escapes.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.stretch(|s| s.view <= range.start);
        let start = self.stretches.get(first).map_or(0, |s| s.offset(range.start - s.view));
        let last = self.stretch(|s| s.view < range.end);
        let end = match (self.stretches.get(last), self.stretches.get(last + 1)) {
            (Some(s), Some(next)) if !s.copied => next.source,
            (Some(s), _) => s.offset(range.end - s.view),
            (None, _) => range.end,
        };
        start..end
    }

    /// A range of the source, grown until it cuts no escape.
    pub(super) fn whole(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.stretch(|s| s.source <= range.start);
        let start = match self.stretches.get(first) {
            Some(s) if !s.copied => s.source,
            _ => range.start,
        };
        let last = self.stretch(|s| s.source < range.end);
        let end = match (self.stretches.get(last), self.stretches.get(last + 1)) {
            (Some(s), Some(next)) if !s.copied => next.source,
            _ => range.end,
        };
        start..end
    }

    /// The last stretch for which a sorted predicate holds.
    fn stretch(&self, holds: impl Fn(&Stretch) -> bool) -> usize {
        self.stretches.partition_point(holds).saturating_sub(1)
    }

    fn copy(&mut self, source: &[u8], range: Range<usize>) {
        if !range.is_empty() {
            self.push(range.start, true);
            self.text.extend_from_slice(&source[range]);
        }
    }

    fn push(&mut self, source: usize, copied: bool) {
        self.stretches.push(Stretch { view: self.text.len(), source, copied });
    }
}

impl Stretch {
    fn offset(&self, by: usize) -> usize {
        if self.copied { self.source + by } else { self.source }
    }
}

impl Layer {
    /// The bytes that an escape begins with.
    fn marks(self) -> (u8, u8) {
        match self {
            Self::Json => (b'\\', b'\\'),
            Self::Percent => (b'%', b'%'),
            Self::Form => (b'%', b'+'),
            Self::Html => (b'&', b'&'),
        }
    }

    /// The bytes behind the escape at the beginning, and its length.
    fn decode<'a>(self, text: &[u8], buffer: &'a mut [u8; 4]) -> Option<(&'a [u8], usize)> {
        match (self, text) {
            (Self::Form, [b'+', ..]) => Some((b" ", 1)),
            (Self::Json, [b'\\', b'u', ..]) => unicode(text, buffer),
            (Self::Json, [b'\\', escaped, ..]) => simple(*escaped).map(|decoded| (decoded, 2)),
            (Self::Percent | Self::Form, [b'%', high, low, ..]) => {
                buffer[0] = u8::try_from(hex(*high)? * 16 + hex(*low)?).ok()?;
                Some((&buffer[..1], 3))
            }
            (Self::Html, [b'&', ..]) => entity(text, buffer),
            _ => None,
        }
    }
}

/// An entity at the beginning: one of the five that text needs, or the number of a character.
fn entity<'a>(text: &[u8], buffer: &'a mut [u8; 4]) -> Option<(&'a [u8], usize)> {
    // The longest one is "&#x10ffff;".
    let end = text.iter().take(10).position(|byte| *byte == b';')?;
    let code = match &text[1..end] {
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => {
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
        }
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    Some((char::from_u32(code)?.encode_utf8(buffer).as_bytes(), end + 1))
}

/// Where the first mark stands. Whole blocks are passed over at the speed of `contains`.
fn find(text: &[u8], mark: u8, other: u8) -> Option<usize> {
    const BLOCK: usize = 32;
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    let is_mark = |byte: &u8| *byte == mark || *byte == other;
    // No early return within a block, so that it is compared in one go.
    let block = blocks.iter().position(|block| block.iter().fold(false, |any, byte| any | is_mark(byte)));
    let from = block.map_or(text.len() - tail.len(), |at| at * BLOCK);
    text[from..].iter().position(is_mark).map(|at| from + at)
}

fn simple(escaped: u8) -> Option<&'static [u8]> {
    Some(match escaped {
        b'"' => b"\"",
        b'\\' => b"\\",
        b'/' => b"/",
        b'b' => b"\x08",
        b'f' => b"\x0c",
        b'n' => b"\n",
        b'r' => b"\r",
        b't' => b"\t",
        _ => return None,
    })
}

/// An escaped unit of UTF-16, or a pair of them above U+FFFF.
fn unicode<'a>(text: &[u8], buffer: &'a mut [u8; 4]) -> Option<(&'a [u8], usize)> {
    let first = unit(text, 0)?;
    let (code, length) = match first {
        0xd800..=0xdbff => {
            let second = unit(text, 6).filter(|second| (0xdc00..=0xdfff).contains(second))?;
            (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
        }
        _ => (first, 6),
    };
    let text = char::from_u32(code)?.encode_utf8(buffer);
    Some((text.as_bytes(), length))
}
