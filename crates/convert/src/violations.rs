//! Violations as callers see them: bounded in number and length, and never repeating what may be a secret.
use granary_proto::granary::types::v1::Warning;
use granary_rpc::Error;
pub(crate) use granary_rpc::Violation;

/// Most violations that one answer lists; they travel in HTTP/2 trailers, which peers bound at 8 to 16 KiB.
const MAX_LISTED: usize = 24;
/// Bytes of those that are listed. Clients take no more than 8,192 bytes of trailers, and tell another error where there are
/// more; as details these become 3,800.
const MAX_LISTED_BYTES: usize = 2_800;
/// What a listed violation takes beside its texts.
const OVERHEAD: usize = 8;
/// Most violations that are gathered; where there are more, reading stops.
const MAX_GATHERED: usize = 100;
/// Longest piece of the caller's own text that is repeated, in bytes.
const MAX_QUOTE: usize = 40;
/// The code of the warning that tells how a value was read, where that is not plain.
const READ_AS: &str = "INPUT_READ_AS";
/// Longest path of a field, in bytes.
const MAX_PATH: usize = 160;
/// Longest description, in bytes.
const MAX_DESCRIPTION: usize = 400;

/// One violation of one field.
pub(crate) fn violation(path: &str, description: impl Into<String>) -> Violation {
    Violation { field: cut(path, MAX_PATH), description: cut(&description.into(), MAX_DESCRIPTION) }
}

/// Tells how the value of a field was read, where that is not plain.
pub(crate) fn read_as(path: &str, message: String) -> Warning {
    Warning { code: READ_AS.to_owned(), message, field: path.to_owned() }
}

/// What was found so far. Once it is full, nothing is added, and whoever reads should stop.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    pub(crate) fn push(&mut self, violation: Violation) {
        if !self.is_full() {
            self.0.push(violation);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_GATHERED
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}

impl Extend<Violation> for Violations {
    fn extend<T: IntoIterator<Item = Violation>>(&mut self, violations: T) {
        violations.into_iter().for_each(|violation| self.push(violation));
    }
}

/// The error that lists them.
pub(crate) fn invalid(mut violations: Vec<Violation>) -> Error {
    let all = violations.len() < MAX_GATHERED;
    violations.sort();
    violations.dedup();
    let mut room = MAX_LISTED_BYTES;
    let mut fits = |violation: &Violation| {
        let left = room.checked_sub(violation.field.len() + violation.description.len() + OVERHEAD);
        left.map(|left| room = left).is_some()
    };
    let listed = violations.iter().take(MAX_LISTED).take_while(|violation| fits(violation)).count().max(1);
    if violations.len() > listed {
        let more = violations.len() - listed;
        violations.truncate(listed);
        let least = if all { "" } else { "at least " };
        violations.push(violation("", format!("has {least}{more} more faults, not listed")));
    }
    Error::invalid(violations)
}

/// The path of a member.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The path of a list's item.
pub(crate) fn item(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// A key that the caller wrote, fit to be repeated.
pub(crate) fn key(text: &str) -> String {
    cut(&escaped(text, MAX_QUOTE), MAX_QUOTE)
}

/// A short text of the caller in quotes; nothing where it is long.
pub(crate) fn quoted(text: &str) -> String {
    if text.len() > MAX_QUOTE { String::new() } else { format!("\"{}\" ", text.escape_debug()) }
}

/// An item of the caller's in quotes, cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    format!("\"{}\"", cut(&escaped(text, 2 * MAX_QUOTE), 2 * MAX_QUOTE))
}

/// As much of a text as may be shown, and a little more where it is longer, so that it is cut.
fn escaped(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most + 1).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().escape_debug().to_string()
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most - 3).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lists_a_bounded_number_of_short_faults() {
        let many = |length: usize| {
            let path = |i| format!("f{i:04}{}", "x".repeat(length / 2));
            invalid((0..1000).map(|i| violation(&path(i), "y".repeat(length))).collect())
        };
        let (short, long) = (many(20), many(1_000));
        assert_eq!(short.violations().len(), MAX_LISTED + 1);
        let told = |v: &Violation| v.description == "has at least 976 more faults, not listed";
        assert!(short.violations().iter().any(told));
        let size = |v: &Violation| v.field.len() + v.description.len();
        assert!(long.violations().iter().map(size).sum::<usize>() <= MAX_LISTED_BYTES + 100);
        assert!(long.violations().len() > 2);
        let is_short = |v: &Violation| v.field.len() <= MAX_PATH && v.description.len() <= MAX_DESCRIPTION;
        assert!(long.violations().iter().all(is_short));
        // What clients take of trailers by default, with what else stands there.
        assert!(
            long.into_status().into_http::<()>().headers().iter().map(|(_, v)| v.len()).sum::<usize>()
                < 7_000
        );
    }

    #[test]
    fn long_texts_are_not_repeated() {
        assert_eq!(quoted(&"s".repeat(41)), "");
        assert_eq!(key(&"é".repeat(30)), format!("{}…", "é".repeat(18)));
        assert_eq!(quoted("a\n"), "\"a\\n\" ");
    }
}
