//! Characters that cannot be seen: what two texts may differ in that look the same to whoever pasted them.

/// Whether a character shows nothing by itself: Unicode's format characters, and fillers that are drawn as nothing.
///
/// ```
/// use granary_rpc::unseen::is_unseen;
/// assert!(is_unseen('\u{200b}') && is_unseen('\u{202e}') && is_unseen('\u{feff}'));
/// assert!(!is_unseen('ü') && !is_unseen(' ') && !is_unseen('\n'));
/// ```
pub fn is_unseen(c: char) -> bool {
    is_format(c) || is_filler(c)
}

/// Names the first such character of a text, as "U+200B".
pub fn first(text: &str) -> Option<String> {
    // None is of ASCII, and most texts are.
    if text.is_ascii() {
        return None;
    }
    text.chars().find(|c| is_unseen(*c)).map(|c| format!("U+{:04X}", u32::from(c)))
}

/// Whether a character is of Unicode's category Cf.
fn is_format(c: char) -> bool {
    matches!(
        u32::from(c),
        0xAD | 0x600..=0x605
            | 0x61C
            | 0x6DD
            | 0x70F
            | 0x890..=0x891
            | 0x8E2
            | 0x180E
            | 0x200B..=0x200F
            | 0x202A..=0x202E
            | 0x2060..=0x206F
            | 0xFEFF
            | 0xFFF9..=0xFFFB
            | 0x110BD
            | 0x110CD
            | 0x13430..=0x1343F
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0001
            | 0xE0020..=0xE007F
    )
}

/// Whether a character of another category is drawn as nothing: joiners, Hangul fillers, the empty Braille pattern.
fn is_filler(c: char) -> bool {
    matches!(u32::from(c), 0x34F | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x2800 | 0x3164 | 0xFFA0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_them_is_named() {
        assert_eq!(first("ann\u{200e}\u{feff}").as_deref(), Some("U+200E"));
        assert_eq!(first("a\u{e0001}").as_deref(), Some("U+E0001"));
        for text in ["jürgen-x", "名前", "a b", "👍🏽", "line\nbreak", "\u{301}"] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
