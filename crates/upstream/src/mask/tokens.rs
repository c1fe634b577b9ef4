//! Where a mask must bring quotes of its own: in place of a JSON number or word, which a bare mask would spoil.
use std::ops::Range;

/// What to replace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenSpan {
    pub(super) range: Range<usize>,
    /// Outside of any JSON string.
    pub(super) bare: bool,
}

/// Decides for sorted ranges that do not overlap. Those inside a JSON number or word grow to its whole.
pub(super) fn place(text: &[u8], ranges: Vec<Range<usize>>) -> Vec<TokenSpan> {
    let json = text
        .iter()
        .find(|b| !b.is_ascii_whitespace())
        .is_some_and(|b| matches!(b, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9'));
    let mut places: Vec<TokenSpan> = Vec::with_capacity(ranges.len());
    let mut quotes = Quotes { at: 0, inside: false };
    for range in ranges {
        quotes.advance(text, range.start);
        // A number that grew to its whole may have reached into this one.
        if let Some(last) = places.last_mut().filter(|last| range.start < last.range.end) {
            last.range.end = last.range.end.max(range.end);
            continue;
        }
        if !json || quotes.inside || text[range.clone()].contains(&b'"') {
            places.push(TokenSpan { range, bare: false });
            continue;
        }
        let start = range.start - text[..range.start].iter().rev().take_while(|b| is_token(**b)).count();
        let end = range.end + text[range.end..].iter().take_while(|b| is_token(**b)).count();
        match places.last_mut() {
            Some(last) if start < last.range.end => last.range.end = last.range.end.max(end),
            _ => places.push(TokenSpan { range: start..end, bare: true }),
        }
    }
    places
}

/// Reads through JSON text, and knows whether it stands inside a string.
struct Quotes {
    at: usize,
    inside: bool,
}

impl Quotes {
    fn advance(&mut self, text: &[u8], to: usize) {
        while self.at < to {
            match text[self.at] {
                b'"' => self.inside = !self.inside,
                b'\\' if self.inside => self.at += 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
