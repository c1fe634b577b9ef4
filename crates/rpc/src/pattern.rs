//! Account patterns of API keys: an identifier in which `*` stands for any text, the empty one included.

/// Whether a text fits a pattern. Linear in the product of both lengths at worst, and without recursion.
///
/// ```
/// use granary_rpc::pattern::matches;
/// assert!(matches("user_*", "user_ha_456"));
/// assert!(!matches("user_*", "admin"));
/// assert!(matches("*", ""));
/// ```
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            // Let the star take one byte more, and try again.
            p = star_p + 1;
            t = star_t + 1;
            star = Some((star_p, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, fits) in [
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*b*", "abc", true),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            ("a", "aa", false),
            ("*aab", "aaab", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
