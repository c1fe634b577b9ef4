//! How many people work at a company.

/// A class of sizes: the text that filters use, and the least and the most people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) text: &'static str,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
}

pub(super) const SIZES: [Size; 9] = [
    size("self-employed", 0, Some(1)),
    size("1-10", 2, Some(10)),
    size("11-50", 11, Some(50)),
    size("51-200", 51, Some(200)),
    size("201-500", 201, Some(500)),
    size("501-1000", 501, Some(1000)),
    size("1001-5000", 1001, Some(5000)),
    size("5001-10000", 5001, Some(10_000)),
    size("10001+", 10_001, None),
];

impl Size {
    /// Whether a filter's text means it; a plus may have turned into a space on its way.
    pub(crate) fn is_named(self, wanted: &str) -> bool {
        self.text.trim_end_matches('+') == wanted.trim_end_matches(['+', ' '])
    }
}

const fn size(text: &'static str, least: u64, most: Option<u64>) -> Size {
    Size { text, least, most }
}
