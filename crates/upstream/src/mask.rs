//! The echo guard: granted secrets that an upstream sends back are masked before anything parses the answer.
//!
//! Found are a secret's plain form, and any mix of plain and escaped characters: JSON escapes, percent-encoding with
//! either case of digits, `+` for a space, entities of HTML, each also within one another (two layers). Its base64 forms are found
//! at all three alignments inside a longer text, in both alphabets, with and without padding. Sixteen characters of its beginning
//! or its end are enough where the rest was cut off: the word in which they stand is masked.
//!
//! The work is bounded by the length of the text: one that looks like the secret nearly everywhere is masked as a whole.
//!
//! Secrets shorter than 6 bytes are masked as whole words only, and not in base64: within words they would occur by
//! chance and destroy answers.
mod needles;
mod tokens;
mod view;

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use bytes::Bytes;
use granary_credential::Secret;

use needles::{Hit, Needle};
use view::{Layer, View};

/// What stands in place of a secret.
pub const MASK: &str = "[redacted]";

/// Layers of escaping that are undone: JSON within JSON, or a URL within JSON, but no third one.
const DEPTH: usize = 2;
/// Bytes that may be compared for each byte of a text, and for a text at all, beyond what the automaton does.
const COMPARED_PER_BYTE: usize = 8;
const COMPARED: usize = 1 << 20;
/// Bytes of each needle that the automaton knows. The rest is compared, which keeps it small and fast to build.
const PREFIX: usize = 12;

/// Finds the secrets of one call.
pub struct Masker {
    finder: Option<AhoCorasick>,
    /// The needles behind each pattern of the finder.
    needles: Vec<Vec<Needle>>,
    has_space: bool,
}

impl Masker {
    /// Prepares for these secrets.
    pub fn new(secrets: &[&Secret]) -> Self {
        let all = needles::of(secrets);
        let prefix = all.iter().map(|n| n.text.len()).min().unwrap_or(0).min(PREFIX);
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        let mut needles: Vec<Vec<Needle>> = Vec::new();
        for needle in all {
            let head = &needle.text[..prefix];
            match patterns.iter().position(|p| p == head) {
                Some(at) => needles[at].push(needle),
                None => {
                    patterns.push(head.to_vec());
                    needles.push(vec![needle]);
                }
            }
        }
        // Patterns of one length cannot hide one another, so that leftmost-first search misses none.
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .ok()
            .filter(|_| !patterns.is_empty());
        let has_space = secrets.iter().any(|s| s.expose().contains(' '));
        Self { finder, needles, has_space }
    }

    /// The text with every secret in it masked, and how many were. Without any it is the same bytes.
    pub fn mask(&self, text: Bytes) -> (Bytes, usize) {
        let mut found =
            Found { ranges: Vec::new(), cuts: Vec::new(), left: COMPARED + COMPARED_PER_BYTE * text.len() };
        self.scan(&text, 0, &|range| range, &mut found);
        if found.left == 0 {
            return (Bytes::from(format!("\"{MASK}\"")), 1);
        }
        let mut found = found.all();
        if found.is_empty() {
            return (text, 0);
        }
        if let Some(view) = View::of(&text, Layer::Json) {
            // Half an escape left behind would spoil the JSON around it.
            found.iter_mut().for_each(|range| *range = view.whole(range));
        }
        let found = tokens::place(&text, merge(found));
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for place in &found {
            out.extend_from_slice(&text[at..place.range.start]);
            let mask = if place.bare { format!("\"{MASK}\"") } else { MASK.to_owned() };
            out.extend_from_slice(mask.as_bytes());
            at = place.range.end;
        }
        out.extend_from_slice(&text[at..]);
        (out.into(), found.len())
    }

    /// Searches a text and what it decodes to; `lift` leads from a range here to one in the original.
    fn scan(
        &self,
        text: &[u8],
        depth: usize,
        lift: &dyn Fn(Range<usize>) -> Range<usize>,
        found: &mut Found,
    ) {
        self.find(text, lift, found);
        if depth == DEPTH || self.finder.is_none() {
            return;
        }
        for layer in [Layer::Json, Layer::Percent, Layer::Form, Layer::Html] {
            if layer == Layer::Form && !self.has_space {
                continue;
            }
            if let Some(view) = View::of(text, layer) {
                self.scan(&view.text, depth + 1, &|range| lift(view.source(&range)), found);
            }
        }
    }

    fn find(&self, text: &[u8], lift: &dyn Fn(Range<usize>) -> Range<usize>, found: &mut Found) {
        let Some(finder) = &self.finder else { return };
        let mut at = 0;
        while let Some(hit) = finder.find(Input::new(text).range(at..)) {
            for needle in &self.needles[hit.pattern().as_usize()] {
                found.left = found.left.saturating_sub(needle.cost());
                if found.left == 0 {
                    return;
                }
                match needle.at(text, hit.start()) {
                    Some(Hit::Whole(range)) => found.ranges.push(lift(range)),
                    Some(Hit::Cut { known, word }) => found.cuts.push((lift(known), lift(word))),
                    None => {}
                }
            }
            // Needles may overlap, so the search goes on one byte further.
            at = hit.start() + 1;
        }
    }
}

/// What was found so far, and how many bytes may still be compared.
struct Found {
    ranges: Vec<Range<usize>>,
    /// What is known of secrets that were cut, and the words in which it stands.
    cuts: Vec<(Range<usize>, Range<usize>)>,
    left: usize,
}

impl Found {
    /// Everything to mask. A secret that is whole is often seen cut too, where one of its escapes is not undone yet.
    fn all(self) -> Vec<Range<usize>> {
        let mut whole = merge(self.ranges);
        let is_within = |known: &Range<usize>| {
            let next = whole.partition_point(|range| range.start <= known.start);
            next > 0 && known.end <= whole[next - 1].end
        };
        let cut: Vec<_> =
            self.cuts.into_iter().filter(|(known, _)| !is_within(known)).map(|(_, word)| word).collect();
        whole.extend(cut);
        whole
    }
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masker(masked)")
    }
}

/// Sorts ranges and joins those that overlap.
fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|r| r.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
