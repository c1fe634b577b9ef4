//! What programs write in the place of a value that they do not have.

/// The words for it, as the languages of our callers print them.
const WORDS: [&str; 5] = ["null", "undefined", "None", "NaN", "[object Object]"];

/// Whether a text is such a word: nobody is called so, or looks for it.
///
/// ```
/// use granary_rpc::absent::is_absent;
/// assert!(is_absent("undefined") && is_absent("[object Object]"));
/// assert!(!is_absent("Null") && !is_absent("nan@example.com"));
/// ```
pub fn is_absent(text: &str) -> bool {
    WORDS.contains(&text)
}
