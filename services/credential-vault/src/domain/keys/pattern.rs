//! Account patterns: identifiers in which `*` stands for any text.

use granary_rpc::pattern::matches;

/// Whether an identifier is covered by a key's patterns; none at all cover everything.
pub(crate) fn any_covers(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether every identifier that `inner` covers is covered by `outer`. A star of an inner pattern can only be taken in by a
/// star of the outer one, so it is enough to match the inner pattern as a text.
pub(crate) fn within(inner: &[String], outer: &[String]) -> bool {
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(|pattern| any_covers(outer, pattern)))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use proptest::prelude::*;

    use super::*;

    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                slow(rest, text) || text.split_first().is_some_and(|(_, tail)| slow(pattern, tail))
            }
            (Some((p, rest)), Some((t, tail))) => p == t && slow(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(pattern in "[ab*]{0,8}", text in "[ab*]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn a_pattern_within_another_never_covers_more(
            inner in "[ab*]{0,5}", outer in "[ab*]{0,5}", text in "[ab]{0,8}",
        ) {
            if within(from_ref(&inner), from_ref(&outer)) && matches(&inner, &text) {
                prop_assert!(matches(&outer, &text));
            }
        }
    }

    #[test]
    fn no_patterns_cover_everything_and_are_within_nothing_narrower() {
        assert!(any_covers(&[], "x"));
        assert!(within(&["a*".into()], &[]));
        assert!(!within(&[], &["a*".into()]));
        assert!(!within(&["*".into()], &["a*".into()]));
    }
}
